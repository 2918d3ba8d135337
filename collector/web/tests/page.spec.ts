// The page in a real browser, over a real collector with a bank day in it.

import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { SCREENSHOTS, open, settled } from "./open";

const PAGES = [
  "/?",
  "/waits?",
  "/touchpoint?touchpoint=action:Pay.Confirm&",
  "/session?session=LONGEST&",
  "/journeys?",
  "/journeys?journey=transfer&",
  "/releases?",
  "/releases?base=8.1.0&head=8.2.0&",
  "/service?",
  "/map?",
  "/listening?",
  "/indicators?",
  "/gaps?",
  "/health?",
];

/** What some reviews say; see `GET /v1/listening`. */
interface Opinion {
  praise_share: number | null;
}

/** Every language and both schemes; what is in the way of somebody is so in each of them. */
const LOOKS = [
  ["en", "light"],
  ["zh-Hans", "dark"],
  ["zh-Hant", "light"],
] as const;

for (const path of PAGES) {
  for (const [language, colorScheme] of LOOKS) {
    test(`${path} in ${language}, ${colorScheme}, is whole and accessible`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await open(page, `${path}lang=${language}`);
      await expect(page.locator("html")).toHaveAttribute("lang", language);
      await expect(page.locator("table").first()).toBeVisible();
      const text = await page.locator("body").innerText();
      expect(text, "a place of a text was not filled").not.toMatch(/\{\w+\}|undefined|NaN|null/);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations).toEqual([]);
      await page.screenshot({ path: `${SCREENSHOTS}/${name(path)}-${language}-${colorScheme}.png` });
    });
  }

  for (const width of [320, 1440]) {
    test(`${path} does not scroll sideways at ${width} px`, async ({ page }) => {
      await page.setViewportSize({ width, height: 900 });
      await open(page, `${path}lang=zh-Hans`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await page.screenshot({ path: `${SCREENSHOTS}/${name(path)}-${width}.png`, fullPage: true });
    });
  }
}

test("the page says what the API says", async ({ page, request }) => {
  await open(page, "/waits?lang=en");
  const { sections } = await (await request.get("/v1/sections")).json();
  const waits = sections.filter((section: { about: string }) => section.about === "waits");
  await expect(page.locator("main section")).toHaveCount(waits.length);
  for (const section of waits) {
    const rows = page.locator(`section[aria-labelledby=section-${section.key}] tbody tr`);
    const shown = await rows.evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll("th, td")].map((cell) => cell.textContent ?? "")),
    );
    expect(shown.length).toBe(section.rows.length);
    for (const [at, row] of section.rows.entries()) {
      for (const [column, cell] of row.cells.entries()) {
        const text = shown[at]?.[column] ?? "";
        if (cell.text !== undefined) expect(text.replace(" ▸", "")).toBe(cell.text);
        if (cell.count !== undefined) expect(text).toBe(cell.count.toLocaleString("en"));
        if (cell.share !== undefined) expect(text).toBe(`${(100 * cell.share).toFixed(1)}%`);
        if (cell === "none") expect(text).toBe("–");
      }
    }
  }
});

test("the first line is a sentence with people in it", async ({ page, request }) => {
  await open(page, "/waits?lang=en");
  const { touchpoints } = await (await request.get("/v1/report")).json();
  const { beyond_target, waited } = touchpoints[0].people;
  await expect(page.locator(".headline")).toContainText(
    `${beyond_target} of ${waited} customers waited longer than`,
  );
  await expect(page.locator(".headline")).toContainText(touchpoints[0].label);
});

test("what to do about the newest release stands there with its reason", async ({ page, request }) => {
  const { verdict, touchpoints } = await (await request.get("/v1/compare?base=8.1.0&head=8.2.0")).json();
  const slower = touchpoints.filter((touchpoint: { verdict: string }) => touchpoint.verdict === "slower");
  await open(page, "/?lang=en");
  const line = page.locator(".release");
  const said = { slower: "Pause 8.2.0.", faster: "8.2.0 is fine.", equivalent: "8.2.0 is fine." }[
    String(verdict)
  ];
  await expect(line).toContainText(said ?? "Watch 8.2.0.");
  if (verdict === "slower") await expect(line).toContainText(`at ${slower.length} of`);
  for (const touchpoint of slower.slice(0, 3)) await expect(line).toContainText(touchpoint.name);
  await line.getByRole("link").click();
  await expect(page).toHaveURL("/releases?base=8.1.0&head=8.2.0&lang=en");
});

test("a number leads to its touchpoint, to a wait of somebody, and to what their session did", async ({
  page,
  request,
}) => {
  await open(page, "/?lang=en");
  // Behind midnight the day that was measured is yesterday.
  const reports = ["since=yesterday&until=today", "since=today"].map(async (span) =>
    (await request.get(`/v1/report?${span}`)).json(),
  );
  const { touchpoints } = (await Promise.all(reports)).find((report) => report.touchpoints.length > 0);
  await page.getByRole("link", { name: touchpoints[0].label, exact: true }).first().click();
  await settled(page);
  await expect(page).toHaveURL(
    `/touchpoint?touchpoint=${touchpoints[0].kind}%3A${touchpoints[0].name}&lang=en`,
  );
  const detail = await (
    await request.get(`/v1/touchpoint?touchpoint=${touchpoints[0].kind}:${touchpoints[0].name}`)
  ).json();
  const picture = page.getByRole("img", { name: "How many waits were how long" });
  await expect(picture).toBeVisible();
  const bars = detail.distribution.flatMap((bar: { answered: number; unanswered: number }) =>
    [bar.answered, bar.unanswered].filter((n) => n > 0),
  );
  await expect(picture.locator("[data-mark=rect] > *")).toHaveCount(bars.length);
  await page.locator("section[aria-labelledby=section-distribution] summary").click();
  await expect(page.locator("section[aria-labelledby=section-distribution] tbody tr")).toHaveCount(
    detail.distribution.length,
  );
  await expect(page.getByRole("img", { name: "The share beyond the target, hour by hour" })).toBeVisible();
  await page.getByRole("link", { name: detail.longest[0].session }).click();
  await settled(page);
  const session = await (await request.get(`/v1/session?session=${detail.longest[0].session}`)).json();
  await expect(page.locator("section[aria-labelledby=section-timeline] tbody tr")).toHaveCount(
    session.events.length,
  );
  const [trace] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: /Perfetto/ }).click(),
  ]);
  expect(trace.suggestedFilename()).toBe(`${detail.longest[0].session}.perfetto-trace`);
});

test("a journey is chosen, and its curve is drawn from what the API says", async ({ page, request }) => {
  await open(page, "/journeys?lang=en");
  const { journeys } = await (await request.get("/v1/report")).json();
  const choices = page.getByRole("navigation", { name: "All journeys" }).getByRole("link");
  await expect(choices).toHaveCount(journeys.length);
  const [first] = journeys;
  await choices.filter({ hasText: first.label }).first().click();
  await expect(page).toHaveURL(`/journeys?${new URLSearchParams({ journey: first.name })}&lang=en`);
  await settled(page);
  const map = await (await request.get(`/v1/journey?${new URLSearchParams({ journey: first.name })}`)).json();
  expect(map.steps.length).toBeGreaterThan(0);
  const known = map.steps.filter((step: { moment: number | null }) => step.moment !== null);
  expect(known.length).toBeGreaterThan(0);
  await expect(page.locator(".emotion circle")).toHaveCount(known.length);
  await expect(page.locator(".emotion circle title").first()).toHaveText(
    `${known[0].label} ${known[0].moment.toFixed(1)}`,
  );
  await expect(page.locator(".legend li")).toHaveCount(map.steps.length);
  const rows = page.locator("section[aria-labelledby=section-journey_steps] tbody tr");
  await expect(rows).toHaveCount(map.steps.length);
  for (const [at, step] of map.steps.entries()) {
    await expect(rows.nth(at).locator("th")).toHaveText(step.label);
    await expect(rows.nth(at).locator("td").nth(2)).toHaveText(step.reached.toLocaleString("en"));
  }
  await expect(page.locator("section[aria-labelledby=section-peak_end] tbody tr").first()).toContainText(
    map.peak_end.worst.moment.toFixed(1),
  );
  await expect(page.locator(".headline")).toContainText(`worst at ${map.peak_end.worst.label} (`);
  await page.goBack();
  await settled(page);
  await expect(page.locator(".emotion")).toHaveCount(0);
});

test("a release is judged as the API judges it", async ({ page, request }) => {
  await open(page, "/releases?lang=en");
  await page.getByRole("combobox", { name: "Compare BASE" }).fill("8.1.0");
  await page.getByRole("combobox", { name: "with HEAD" }).fill("8.2.0");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL("/releases?base=8.1.0&head=8.2.0&lang=en");
  await settled(page);
  const { verdict, touchpoints } = await (await request.get("/v1/compare?base=8.1.0&head=8.2.0")).json();
  const word =
    { slower: "slower", no_evidence: "no evidence", too_few_samples: "too few" }[String(verdict)] ?? verdict;
  await expect(page.locator(".headline")).toHaveText(`8.2.0 against 8.1.0: ${word}`);
  const rows = page.locator("section[aria-labelledby=section-compared] tbody tr");
  await expect(rows).toHaveCount(touchpoints.length);
  await expect(rows.first()).toContainText(touchpoints[0].name);
  await page.getByRole("link", { name: "Waits" }).click();
  await expect(page).toHaveURL("/waits?lang=en");
});

test("gaps are ranked, with the touchpoints that measure them and what became of the target", async ({
  page,
  request,
}) => {
  const { factors } = await (await request.get("/v1/gaps")).json();
  const { targets } = await (await request.get("/v1/gaps/targets")).json();
  const measured = factors.find((factor: { name: string }) => factor.name === "Convenience");
  expect([measured.origin, targets[0].releases[0].version]).toEqual(["measured", "8.2.0"]);
  await open(page, "/gaps?lang=en");
  const rows = page.locator("section[aria-labelledby=section-gaps] tbody tr:not(.part)");
  await expect(rows.locator("th")).toContainText(factors.map((factor: { name: string }) => factor.name));
  const row = rows.filter({ hasText: "Convenience" });
  await expect(row).toContainText(measured.score.toFixed(1));
  await expect(rows.filter({ hasText: "Brand" })).toContainText("your number");
  await row.getByRole("button", { name: "Of Convenience" }).click();
  const parts = page.locator("section[aria-labelledby=section-gaps] tr.part:visible");
  await expect(parts).toHaveCount(measured.touchpoints.length);
  const said: Record<string, string> = { too_few_samples: "too few", no_evidence: "cannot be said yet" };
  const { progress } = targets[0].releases[0];
  const target = page.locator("section[aria-labelledby=section-targets] tbody tr").first();
  await expect(target).toContainText(said[progress] ?? progress);
  await expect(target).toContainText("8.2.0");
  // The table is of one release then, and the targets are of each all the same.
  await page.getByRole("combobox", { name: "Release" }).fill("8.1.0");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL("/gaps?version=8.1.0&lang=en");
  await expect(target).toContainText("8.2.0");
  await row.getByRole("button", { name: "Of Convenience" }).click();
  await parts.getByRole("link", { name: "transfer" }).click();
  await expect(page).toHaveURL("/touchpoint?version=8.1.0&touchpoint=journey%3Atransfer&lang=en");
});

test("numbers of factors are tried out in the address, and the page says what to write", async ({
  page,
  request,
}) => {
  await open(page, "/gaps?lang=en");
  const { factors } = await (await request.get("/v1/gaps")).json();
  const of = factors.find((factor: { origin: string }) => factor.origin === "bank");
  await page.getByText("Try other numbers").click();
  await page.getByRole("spinbutton", { name: `${of.name}: expected` }).fill("10");
  await page.getByRole("spinbutton", { name: `${of.name}: importance` }).fill("10");
  await page.getByRole("textbox", { name: "Another factor" }).first().fill("Calm");
  await page.getByRole("spinbutton", { name: "Another factor: experience" }).first().fill("0");
  await page.getByRole("button", { name: "Compute" }).click();
  await expect(page).toHaveURL(/factor=.*%3A10%3A10.*&factor=Calm%3A0%3A%3A%3A/);
  const tried = await (
    await request.get(`/v1/gaps${new URL(page.url()).search.replace("&lang=en", "")}`)
  ).json();
  const first = tried.factors.find((factor: { name: string }) => factor.name === of.name);
  expect(first.weighted_satisfaction).toBe((of.score - 10) * 10);
  const rows = page.locator("section[aria-labelledby=section-gaps] tbody tr:not(.part)");
  await expect(rows).toHaveCount(factors.length + 1);
  await expect(rows.filter({ hasText: of.name })).toContainText(first.weighted_satisfaction.toFixed(1));
  await expect(page.locator("pre")).toContainText('name = "Calm"');
  await page.getByRole("link", { name: "Back to the numbers of the file" }).click();
  await expect(rows).toHaveCount(factors.length);
});

test("an indicator leads to its months and down to the touchpoint", async ({ page, request }) => {
  const { indicators } = await (await request.get("/v1/indicators")).json();
  const found = indicators.find((indicator: { name: string }) => indicator.name === "tasks_in_time");
  await open(page, "/indicators?lang=en");
  const table = page.locator("section[aria-labelledby=section-indicators]");
  await expect(table.locator("tbody tr:not(.part)")).toHaveCount(indicators.length);
  const row = table.locator("tbody tr:not(.part)").filter({ hasText: "Tasks in time" });
  await expect(row).toContainText(`${(100 * found.share).toFixed(1)}%`);
  await expect(row).toContainText(found.status);
  await expect(page.locator("section[aria-labelledby=section-levels] tbody tr")).toHaveCount(3);
  await expect(page.locator("section[aria-labelledby=section-dimensions] tbody tr")).toHaveCount(6);
  await expect(page.locator("section[aria-labelledby=section-months]")).toContainText("Tasks in time");
  await expect(page.locator("pre")).toContainText("[[indicator]]");
  const { indicators: trends } = await (await request.get("/v1/indicators/months")).json();
  const known = trends.filter((of: { months: { share: number | null }[] }) =>
    of.months.some((month) => month.share !== null),
  );
  expect(known.length).toBeGreaterThan(0);
  await expect(page.locator(".months figure")).toHaveCount(known.length);
  await expect(page.getByRole("img", { name: /^Tasks in time from month to month: / })).toBeVisible();
  await row.getByRole("button").click();
  await table.locator("tr.part:visible").first().getByRole("link").click();
  await expect(page).toHaveURL(/^[^?]*\/touchpoint\?touchpoint=journey%3A/);
});

test("what customers say stands beside others, and what they rated beside their waits", async ({
  page,
  request,
}) => {
  const { products, indicators } = await (await request.get("/v1/listening")).json();
  const rated = await (await request.get("/v1/listening/ratings")).json();
  await open(page, "/listening?lang=en");
  const said = (key: string) => page.locator(`section[aria-labelledby=section-said_${key}]`);
  await expect(said("products").locator("tbody tr")).toHaveCount(products.length);
  await expect(said("products")).toContainText("Other Bank");
  const shares = indicators.flatMap((of: { own: Opinion; others: Opinion }) =>
    [of.own.praise_share, of.others.praise_share].filter((share) => share !== null),
  );
  expect(shares.length).toBeGreaterThan(2);
  const picture = page.getByRole("img", { name: "The share of praise of each indicator: yours and others'" });
  await expect(picture.locator("[data-mark=dot] circle")).toHaveCount(shares.length);
  await said("indicators").locator("summary").click();
  const fast = indicators.find((of: { name: string }) => of.name === "tasks_in_time");
  const row = said("indicators").locator("tbody tr:not(.part)").filter({ hasText: "Tasks in time" });
  await expect(row).toContainText(`${(100 * fast.own.praise_share).toFixed(1)}%`);
  await row.getByRole("button").click();
  await expect(said("indicators").locator("tr.part:visible")).toHaveCount(fast.touchpoints.length);
  const groups = page.locator("section[aria-labelledby=section-rated] tbody tr");
  await expect(groups).toHaveCount(4);
  for (const [at, { ratings }] of rated.groups.entries())
    await expect(groups.nth(at)).toContainText(ratings.n.toLocaleString("en"));
  const words: Record<string, string> = {
    yes: "Waiting explains the rating",
    no: "Waiting does not explain the rating",
    other_way: "Who waited longer rated higher",
    unclear: "cannot be said yet",
    too_few_samples: "Too few ratings",
  };
  await expect(page.locator(".headline")).toContainText(words[rated.waiting.explains] ?? "?");
  // A release is of both; a system is of ratings alone, and the page says so.
  await open(page, "/listening?version=8.2.0&os=android&dimension=channel:app_store&lang=en");
  const of = await (await request.get("/v1/listening?version=8.2.0&dimension=channel:app_store")).json();
  await expect(said("products").locator("tbody tr").first()).toContainText(String(of.products[0].opinion.n));
  await expect(page.locator("main")).toContainText("the other filters are of the ratings below alone");
  await expect(said("channels").locator("tbody tr")).toHaveCount(1);
});

test("where nothing was imported stands what a file is", async ({ page }) => {
  await open(page, "/listening?until=2020-01-02&lang=zh-Hans");
  await expect(page.locator(".headline")).toHaveText("客户在别处怎么说？");
  await expect(page.locator("pre")).toContainText("time,rating,text,version,channel,product");
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  await page.screenshot({ path: `${SCREENSHOTS}/listening-empty.png` });
});

test("every dimension that the address says stays in the form", async ({ page }) => {
  await open(page, "/waits?dimension=segment:retail&dimension=branch:12&lang=en");
  await expect(page.getByLabel("Dimension")).toHaveCount(2);
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL("/waits?dimension=segment%3Aretail&dimension=branch%3A12&lang=en");
});

test("a filter stands in the address, and the back button takes it away", async ({ page }) => {
  await open(page, "/waits?lang=en");
  await page.getByRole("combobox", { name: "Release" }).fill("8.2.0");
  await page.getByRole("combobox", { name: "System" }).selectOption("android");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL("/waits?version=8.2.0&os=android&lang=en");
  await settled(page);
  await expect(page.getByRole("combobox", { name: "Release" })).toHaveValue("8.2.0");
  await page.getByRole("link", { name: "简体中文" }).click();
  await expect(page).toHaveURL("/waits?version=8.2.0&os=android&lang=zh-Hans");
  await settled(page);
  await page.goBack();
  await page.goBack();
  await settled(page);
  await expect(page).toHaveURL("/waits?lang=en");
  await expect(page.getByRole("combobox", { name: "Release" })).toHaveValue("");
});

test("a link leads to the same page for somebody else", async ({ page, browser }) => {
  await open(page, "/waits?version=8.2.0&lang=en");
  const other = await (await browser.newContext({ locale: "zh-TW" })).newPage();
  await open(other, page.url());
  expect(await other.locator("main").innerText()).toBe(await page.locator("main").innerText());
});

test("who says no language gets the browser's", async ({ browser }) => {
  for (const [locale, language] of [
    ["zh-TW", "zh-Hant"],
    ["zh-CN", "zh-Hans"],
    ["fr", "en"],
  ]) {
    const page = await (await browser.newContext({ locale: String(locale) })).newPage();
    await open(page, "/");
    await expect(page.locator("html")).toHaveAttribute("lang", String(language));
  }
});

test("who goes to another page by keyboard goes on at its content", async ({ page }) => {
  await open(page, "/waits?lang=en");
  await page.getByRole("link", { name: "Health" }).focus();
  await page.keyboard.press("Enter");
  await settled(page);
  await expect(page.locator("main")).toBeFocused();
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await page.goBack();
  await settled(page);
  await expect(page.locator("main")).toBeFocused();
});

test("the parts of a touchpoint open by keyboard alone", async ({ page }) => {
  await open(page, "/waits?lang=en");
  // The tap of that name may be a row as well.
  const opener = page.getByRole("button", { name: /^Of Pay.Confirm/ }).first();
  await opener.focus();
  const part = opener.locator("xpath=ancestor::tbody").locator("tr.part").first();
  await expect(part).toBeHidden();
  await page.keyboard.press("Enter");
  await expect(part).toBeVisible();
  await expect(opener).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("Enter");
  await expect(part).toBeHidden();
});

test("a question that is not understood says why, and nothing to ask again", async ({ page }) => {
  await open(page, "/waits?country=Germany&lang=en");
  await expect(page.getByRole("alert")).toContainText("country: ");
  await expect(page.getByRole("button", { name: "Ask again" })).toHaveCount(0);
  await page.getByRole("link", { name: "Clear" }).click();
  await settled(page);
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a collector that does not answer is said, and asked again", async ({ page }) => {
  let isDown = true;
  await page.route("/v1/sections*", (route) =>
    isDown ? route.fulfill({ status: 503, json: { reason: "too many reports" } }) : route.continue(),
  );
  await open(page, "/waits?lang=en");
  await expect(page.getByRole("alert")).toContainText("The collector did not answer: too many reports");
  isDown = false;
  await page.getByRole("button", { name: "Ask again" }).click();
  await settled(page);
  await expect(page.locator("table").first()).toBeVisible();
});

test("what is on its way is shown, and given up when one goes elsewhere", async ({ page }) => {
  let answer = () => {};
  const held = new Promise<void>((done) => (answer = done));
  await page.route("/v1/sections*", async (route) => {
    if (!route.request().url().includes("os=ios")) return route.continue();
    await held;
    await route.continue().catch(() => undefined);
  });
  await page.goto("/waits?os=ios&lang=en");
  await expect(page.getByRole("progressbar")).toBeVisible();
  await page.getByRole("link", { name: "Health" }).click();
  await page.getByRole("link", { name: "Clear" }).click();
  await settled(page);
  answer();
  await expect(page).toHaveURL("/health?lang=en");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Health");
  await expect(page.getByRole("progressbar")).toHaveCount(0);
});

test("Health says what arrives, whatever is filtered", async ({ page }) => {
  await open(page, "/health?os=ios&lang=en");
  const arrivals = page.getByRole("region", { name: "What arrives" });
  await expect(arrivals.locator("tbody tr").first()).toContainText("last 24 hours");
  await expect(page.getByRole("heading", { name: "Room" })).toBeVisible();
});

test("on paper there are figures and no form", async ({ page }) => {
  await open(page, "/waits?lang=en");
  await page.emulateMedia({ media: "print" });
  await expect(page.locator("form")).toBeHidden();
  await expect(page.locator("table").first()).toBeVisible();
  const pdf = await page.pdf();
  expect(pdf.length).toBeGreaterThan(10_000);
});

test("without scripts there is the plain page", async ({ browser }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto("/");
  await page.getByRole("link", { name: "This page without scripts" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Where customers wait");
});

function name(path: string): string {
  const page = path.slice(1, path.indexOf("?")) || "today";
  return path.includes("base=") ? `${page}-compared` : page;
}
