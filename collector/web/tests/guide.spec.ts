// The pictures of docs/product-owner.md: each names its page as the title of the picture, and the headings that are on it as its text.
// They are made here, of whatever collector is there.

import { existsSync, readFileSync } from "node:fs";
import { type Page, expect, test } from "@playwright/test";
import { SCREENSHOTS, open } from "./open";

const GUIDE = "../../docs/product-owner.md";
const PICTURES = process.env["NOWAIT_PICTURES"] ?? `${SCREENSHOTS}/guide`;

/** The pages that tell more of a month than of a day. */
const OF_MONTH = ["today", "waits", "touchpoint", "releases", "indicators", "listening"];
const MONTH = Number(process.env["NOWAIT_WEB_PORT"] ?? 8797) + 2;

const shown = [
  ...readFileSync(GUIDE, "utf8").matchAll(/^!\[([^\]]+)\]\(images\/([\w-]+)\.png "([^"]+)"\)$/gm),
].map(([, text = "", name = "", address = ""]) => ({ text, name, address }));

test.use({ viewport: { width: 1280, height: 800 } });

for (const { text, name, address } of shown) {
  const isOther = process.env["NOWAIT_PAGE"] === undefined && OF_MONTH.includes(name);

  test.describe(() => {
    if (isOther) test.use({ baseURL: `http://127.0.0.1:${MONTH}` });

    test(`picture of ${name}`, async ({ page }) => {
      await whole(page, address);
      await page.screenshot({ path: `${PICTURES}/${name}.png` });
    });

    test(`what the guide shows of ${name} is there`, async ({ page }) => {
      await whole(page, address);
      const headings = await page.locator("h1, h2").allInnerTexts();
      expect(text).toBe(headings.join(" · "));
      expect(existsSync(`../../docs/images/${name}.png`), "make pictures makes it").toBe(true);
    });
  });
}

/** Opens a page with what comes behind its figures. */
async function whole(page: Page, address: string): Promise<void> {
  await open(page, `${address}${address.includes("?") ? "&" : "?"}lang=en`);
  await page.waitForLoadState("networkidle");
}

test("the guide shows every page", async ({ page }) => {
  await open(page, "/?lang=en");
  const links = await page
    .locator("header nav:not(.languages) a")
    .evaluateAll((links) => links.map((link) => new URL((link as HTMLAnchorElement).href).pathname));
  const paths = shown.map(({ address }) => address.replace(/\?.*/, ""));
  expect(paths).toEqual(expect.arrayContaining([...links, "/touchpoint", "/session"]));
});
