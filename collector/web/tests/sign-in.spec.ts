// Signing in, in a real browser, to a collector that asks for a token.

import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";

const TOKEN = process.env["NOWAIT_TOKEN"] ?? "";

test.use({ baseURL: `http://127.0.0.1:${Number(process.env["NOWAIT_WEB_PORT"] ?? 8797) + 1}` });

test("who has no sign-in is asked for a token, and led on to what was asked", async ({ page }) => {
  await page.goto("/?os=linux&lang=zh-Hans");
  await expect(page).toHaveURL(/\/login\?next=/);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  // It speaks the language of what was asked, and the others.
  await page.getByLabel("读取令牌").fill("wrong");
  await page.getByRole("button", { name: "登录" }).click();
  await expect(page.getByRole("alert")).toContainText("令牌无效");
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-Hans");
  await page.getByRole("link", { name: "English" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await page.getByRole("link", { name: "简体中文" }).click();
  await page.getByLabel("读取令牌").fill(TOKEN);
  await page.getByRole("button", { name: "登录" }).click();
  await expect(page).toHaveURL("/?os=linux&lang=zh-Hans");
  await expect(page.locator("table").first()).toBeVisible();
  await expect(page.locator("header")).toContainText("查看者");
  const [cookie] = await page.context().cookies();
  expect([cookie?.httpOnly, cookie?.sameSite]).toEqual([true, "Strict"]);
  await page.getByRole("button", { name: "退出登录" }).click();
  await expect(page).toHaveURL("/login");
  await page.goto("/health");
  await expect(page).toHaveURL(/\/login\?next=/);
});

test("who said nothing of their customers is told what to write", async ({ page }) => {
  await page.goto("/gaps?lang=zh-Hant");
  await page.getByLabel("讀取權杖").fill(TOKEN);
  await page.getByRole("button", { name: "登入" }).click();
  await expect(page.locator(".headline")).toHaveText("客戶對貴行有什麼期望？");
  await expect(page.locator("pre")).toContainText("[[factor]]");
  await expect(page.getByRole("progressbar")).toHaveCount(0);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test("a sign-in that is over leads to the login page and back", async ({ page, context }) => {
  await page.goto("/login");
  await page.getByLabel("Read token").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator("table").first()).toBeVisible();
  await context.clearCookies();
  await page.getByRole("link", { name: "Health" }).click();
  await expect(page).toHaveURL("/login?next=%2Fhealth%3Flang%3Den");
  await page.getByLabel("Read token").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Health");
});
