// Opening a page as somebody does, and waiting until its figures are there.

import { type Page, expect } from "@playwright/test";

export const SCREENSHOTS = process.env["NOWAIT_SCREENSHOTS"] ?? "../../target/web-screenshots";

/** Opens an address and waits until its figures are there. Whatever the page asks of others fails the test. */
export async function open(page: Page, address: string): Promise<void> {
  page.on("pageerror", (error) => expect(error).toBeUndefined());
  page.on("console", (line) =>
    expect(`${line.type()} ${line.text()}`).not.toMatch(/^error .*(Content Security|Uncaught)/),
  );
  page.on("request", (request) => expect(new URL(request.url()).hostname).toBe("127.0.0.1"));
  await page.goto(await meant(address, page));
  await settled(page);
}

/** The address with what it only describes: the touchpoint where customers lost most, the session of its longest wait. */
async function meant(address: string, { request }: Page): Promise<string> {
  const ask = async (path: string) => (await request.get(path)).json();
  if (!/WORST|LONGEST/.test(address)) return address;
  const { touchpoints } = await ask("/v1/report");
  const worst = `${touchpoints[0].kind}:${touchpoints[0].name}`;
  if (!address.includes("LONGEST")) return address.replace("WORST", worst);
  const { longest } = await ask(`/v1/touchpoint?touchpoint=${worst}`);
  return address.replace("LONGEST", longest[0].session);
}

export async function settled(page: Page): Promise<void> {
  await expect(page.locator("main")).toHaveAttribute("aria-busy", "false");
  await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
}
