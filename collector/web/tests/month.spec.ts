// The pages over a month of days and releases, which no day that is measured for a test is long enough for.

import { expect, test } from "@playwright/test";
import { SCREENSHOTS } from "./open";

test.use({ baseURL: `http://127.0.0.1:${Number(process.env["NOWAIT_WEB_PORT"] ?? 8797) + 2}` });

test("the first page is about yesterday, and follows its worst touchpoint over the month", async ({
  page,
  request,
}) => {
  const yesterday = await (await request.get("/v1/report?since=yesterday&until=today")).json();
  const worst = yesterday.touchpoints[0];
  await page.goto("/?lang=en");
  await expect(page.locator(".headline")).toContainText("Yesterday:");
  await expect(page.locator(".headline")).toContainText(worst.label);
  await expect(page.locator(".headline")).toContainText(
    `${worst.people.beyond_target} of ${worst.people.waited} customers`,
  );
  const words = `touchpoint=${worst.kind}:${worst.name}&since=30d`;
  const detail = await (await request.get(`/v1/touchpoint?${words}`)).json();
  expect(detail.days.length).toBeGreaterThan(20);
  const picture = page.getByRole("img", { name: "p50, p75 and p95 from day to day" });
  await expect(picture).toBeVisible();
  const told = detail.days.flatMap((day: { latency: Record<string, number | null> }) =>
    ["p50_ns", "p75_ns", "p95_ns"].filter((key) => (day.latency[key] ?? 0) > 0),
  );
  await expect(picture.locator("[data-mark=dot] circle")).toHaveCount(told.length);
  await page.screenshot({ path: `${SCREENSHOTS}/month-today.png`, fullPage: true });
});

test("a touchpoint shows its releases among its days, and which hours are slow", async ({
  page,
  request,
}) => {
  const { touchpoints } = await (await request.get("/v1/report")).json();
  const words = `touchpoint=${touchpoints[0].kind}:${touchpoints[0].name}`;
  const detail = await (await request.get(`/v1/touchpoint?${words}`)).json();
  expect(detail.releases.length).toBeGreaterThan(5);
  await page.goto(`/touchpoint?${words}&by=tier&lang=en`);
  const trend = page.getByRole("img", { name: "p50, p75 and p95 from day to day" });
  for (const { app_version } of detail.releases) await expect(trend).toContainText(app_version);
  const hours = page.getByRole("img", { name: "The share beyond the target, hour by hour" });
  const told = detail.hours.filter(
    (hour: { within_budget_share: number | null }) => hour.within_budget_share !== null,
  );
  await expect(hours.locator("[data-mark=cell]:not(.marked) rect")).toHaveCount(told.length);
  // The bank marked two paydays of each month, and the last four hours of yesterday.
  const paydays = detail.marks.filter((mark: { kind: string }) => mark.kind === "payday");
  expect(paydays.length).toBeGreaterThan(0);
  await expect(trend.locator(".marked path")).toHaveCount(detail.marks.length);
  await expect(hours.locator(".marked rect").first()).toBeVisible();
  await expect(hours).toContainText("Upgrade");
  const marked = page.locator("section[aria-labelledby=section-marks] tbody tr");
  await expect(marked).toHaveCount(detail.marks.length);
  await expect(marked.last()).toContainText("20:00");
  await expect(page.locator("section[aria-labelledby=section-split] tbody tr")).toHaveCount(3);
  await page.screenshot({ path: `${SCREENSHOTS}/month-touchpoint.png`, fullPage: true });
});

test("ten releases stand side by side", async ({ page }) => {
  await page.goto("/releases?lang=en");
  await expect(page.locator("section[aria-labelledby=section-rollout] tbody tr")).toHaveCount(10);
  await expect(page.getByRole("img", { name: "p75 of each touchpoint, release by release" })).toBeVisible();
  await page.screenshot({ path: `${SCREENSHOTS}/month-releases.png`, fullPage: true });
});

test("beside each touchpoint stands how it went and what releases changed, also against a pinned one", async ({
  page,
  request,
}) => {
  const { releases, pinned } = await (await request.get("/v1/releases")).json();
  const [base, head] = releases.slice(-2);
  expect(pinned).toBe(releases[0]);
  const json = async (path: string) => (await request.get(path)).json();
  const daily = await json("/v1/daily");
  expect(daily.days).toHaveLength(30);
  const ranking = page.locator("section[aria-labelledby=section-touchpoints]");
  // The address may pin another one than the bank.
  await page.goto(`/waits?pinned=${releases[4]}&lang=en`);
  await expect(ranking.getByRole("columnheader", { name: `p75 against ${releases[4]}` })).toBeVisible();
  await page.goto("/waits?lang=en");
  await expect(ranking.getByRole("columnheader", { name: `p75 against ${base}` })).toBeVisible();
  await expect(ranking.getByRole("columnheader", { name: `p75 against ${pinned}` })).toBeVisible();
  await expect(ranking.getByRole("img", { name: /^p75 of 30 days: / })).toHaveCount(
    daily.touchpoints.filter(
      (of: { p75_ns: (number | null)[] }) => of.p75_ns.filter((ns) => ns !== null).length > 1,
    ).length,
  );
  const rows = ranking.locator("tbody tr:not(.part)");
  for (const [at, release] of [base, pinned].entries()) {
    const compared = await json(`/v1/compare?base=${release}&head=${head}`);
    const judged = compared.touchpoints.filter(
      (of: { verdict: string; kind: string }) =>
        of.verdict !== "too_few_samples" && ["launch", "screen", "tap", "action", "hang"].includes(of.kind),
    );
    expect(judged.length).toBeGreaterThan(0);
    // With BASE's customers, and beside it with each release's own.
    for (const column of [4 - 2 * at, 3 - 2 * at]) {
      const cells = rows.locator(`td.beside:nth-last-child(${column})`);
      await expect(cells.filter({ has: page.locator("small") })).toHaveCount(judged.length);
      await expect(cells.filter({ hasText: "%" })).toHaveCount(judged.length);
    }
  }
  await expect(ranking.locator("thead progress")).toHaveCount(0);
  await page.screenshot({ path: `${SCREENSHOTS}/month-waits.png`, fullPage: true });
  await page.setViewportSize({ width: 320, height: 700 });
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  expect(await width()).toBeLessThanOrEqual(320);
});

test("what customers say is told release by release", async ({ page, request }) => {
  const { releases, indicators } = await (await request.get("/v1/listening")).json();
  expect(releases.length).toBe(10);
  await page.goto("/listening?lang=en");
  const rows = page.locator("section[aria-labelledby=section-said_releases] tbody tr");
  await expect(rows).toHaveCount(10);
  await expect(rows.last()).toContainText(releases.at(-1).name);
  const judged = indicators.filter((of: { ahead: { points: number | null } }) => of.ahead.points !== null);
  expect(judged.length).toBeGreaterThan(0);
  await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
  await page.screenshot({ path: `${SCREENSHOTS}/month-listening.png`, fullPage: true });
});
