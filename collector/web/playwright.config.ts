import { defineConfig } from "@playwright/test";

/** Where the collectors under test are, and what is in them: see scripts/web/test. */
const nowait = process.env["NOWAIT"] ?? "../../target/debug/nowait";
const day = process.env["NOWAIT_DAY"] ?? "../../target/web-day";

/** The first of the ports, for who runs it beside another one. */
const PORT = Number(process.env["NOWAIT_WEB_PORT"] ?? 8797);

/** One that whoever is on this machine may read, of a bank that says what its customers expect; one that asks for a token; and one
 * with a month in it. */
const SERVED = [
  { folder: "store", port: PORT, more: `--budgets ${day}/bank.toml` },
  { folder: "closed", port: PORT + 1, more: "" },
  { folder: "month", port: PORT + 2, more: `--budgets ${day}/marks.toml` },
];

/** The page of a collector that is running already. Then nothing is served here. */
const page = process.env["NOWAIT_PAGE"];

export default defineConfig({
  testDir: "tests",
  outputDir: "node_modules/.cache/failures",
  fullyParallel: true,
  workers: 2,
  reporter: [["list"]],
  forbidOnly: true,
  timeout: 120_000,
  use: {
    baseURL: page ?? `http://127.0.0.1:${PORT}`,
    locale: "en",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: (page === undefined ? SERVED : []).map(({ folder, port, more }) => ({
    command: `${nowait} serve --data ${day}/${folder} --listen 127.0.0.1:${port} ${more}`,
    url: `http://127.0.0.1:${port}/readyz`,
  })),
});
