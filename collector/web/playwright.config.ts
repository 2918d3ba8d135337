import { defineConfig } from "@playwright/test";

/** Where the collectors under test are, and what is in them: see scripts/web/test. */
const nowait = process.env["NOWAIT"] ?? "../../target/debug/nowait";
const day = process.env["NOWAIT_DAY"] ?? "../../target/web-day";

/** One that whoever is on this machine may read, and one that asks for a token. */
const PORTS = { store: 8797, closed: 8798 };

export default defineConfig({
  testDir: "tests",
  outputDir: "node_modules/.cache/failures",
  fullyParallel: true,
  workers: 2,
  reporter: [["list"]],
  forbidOnly: true,
  timeout: 120_000,
  use: {
    baseURL: `http://127.0.0.1:${PORTS.store}`,
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
  webServer: Object.entries(PORTS).map(([folder, port]) => ({
    command: `${nowait} serve --data ${day}/${folder} --listen 127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/readyz`,
  })),
});
