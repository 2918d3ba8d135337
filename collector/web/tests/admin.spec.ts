// What an admin changes in the page, on the collector that asks for a token; who is no admin is offered none of it.

import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "@playwright/test";
import { SCREENSHOTS } from "./open";

test.use({ baseURL: `http://127.0.0.1:${Number(process.env["NOWAIT_WEB_PORT"] ?? 8797) + 1}` });

async function signIn(page: Page, token: string | undefined, next: string): Promise<void> {
  await page.goto(`/login?${new URLSearchParams({ next })}`);
  await page.getByLabel("Read token").fill(token ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator("table").first()).toBeVisible();
}

test("a viewer changes nothing", async ({ page }) => {
  await signIn(page, process.env["NOWAIT_TOKEN"], "/health?lang=en");
  await expect(page.getByRole("heading", { name: "Administration" })).toHaveCount(0);
  const status = await page.evaluate(async () => (await fetch("/v1/budgets", { method: "PUT" })).status);
  expect(status).toBe(403);
});

test("an admin changes the budgets, and what is none changes nothing", async ({ page }) => {
  await signIn(page, process.env["NOWAIT_ADMIN_TOKEN"], "/health?lang=en");
  await page.getByText("Change the budgets").click();
  const toml = page.getByLabel("Budgets (TOML)");
  const form = page.locator("form", { has: toml });
  await toml.fill("[kind.tap]\ntarget_ms = soon\n");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(form.getByRole("status")).toContainText("budgets line 2");
  await toml.fill("# of the bank\n[kind.tap]\ntarget_ms = 321\n");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(form.getByRole("status")).toHaveText("Saved. It counts from now on.");
  await page.reload();
  await page.getByText("Change the budgets").click();
  await expect(toml).toHaveValue("# of the bank\n[kind.tap]\ntarget_ms = 321\n");
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.screenshot({ path: `${SCREENSHOTS}/admin.png`, fullPage: true });
});

test("an admin deletes a session after seeing what goes", async ({ page }) => {
  await signIn(page, process.env["NOWAIT_ADMIN_TOKEN"], "/health?lang=en");
  const report = await page.evaluate(async () => (await fetch("/v1/report")).json());
  const { kind, name } = report.touchpoints[0];
  const longest = await page.evaluate(
    async (of) => (await fetch(`/v1/touchpoint?touchpoint=${of}`)).json(),
    `${kind}:${name}`,
  );
  const session: string = longest.longest[0].session;
  await page.getByText("Delete what is known of somebody").click();
  await page.getByLabel("Its id, or the name of the release").fill("nobody");
  await page.getByRole("button", { name: "See what would go" }).click();
  await expect(page.getByText("deletion:")).toBeVisible();
  await expect(page.getByRole("button", { name: "Delete for ever" })).toBeHidden();
  await page.getByLabel("Its id, or the name of the release").fill(session);
  await page.getByRole("button", { name: "See what would go" }).click();
  await expect(page.getByText(/^1 sessions in \d+ batches would go, for ever\.$/)).toBeVisible();
  await page.getByRole("button", { name: "Delete for ever" }).click();
  await expect(page.getByText(/^Deleted\./)).toBeVisible();
  const status = await page.evaluate(
    async (id) => (await fetch(`/v1/session?session=${id}`)).status,
    session,
  );
  expect(status).toBe(404);
});
