import { defineConfig } from "@playwright/test";

/** The collector under test, and a bank day that was really measured: see scripts/web/test. */
const nowait = process.env["NOWAIT"] ?? "../../target/debug/nowait";
const data = process.env["NOWAIT_DATA"] ?? "../../target/web-day/store";
const port = 8797;

export default defineConfig({
  testDir: "tests",
  outputDir: "node_modules/.cache/failures",
  fullyParallel: true,
  workers: 2,
  reporter: [["list"]],
  forbidOnly: true,
  timeout: 120_000,
  use: {
    baseURL: `http://127.0.0.1:${port}`,
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
  webServer: {
    command: `${nowait} serve --data ${data} --listen 127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/readyz`,
  },
});
