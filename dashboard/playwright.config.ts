import { defineConfig } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "./e2e/browser";

/** The tests in `platform` run against the fake API, or against a real stack named by DASHBOARD_URL and API. */
const real = process.env.DASHBOARD_URL !== undefined;

export default defineConfig({
  testDir: "e2e",
  testMatch: real ? "platform/*.spec.ts" : "**/*.spec.ts",
  timeout: real ? 90_000 : 60_000,
  expect: { timeout: real ? 25_000 : 15_000 },
  workers: 3,
  // A second try on the noisy machines of CI only; a test that needed it is printed as flaky.
  retries: process.env.CI ? 1 : 0,
  fullyParallel: true,
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    // A trace slows every step down; `--trace on` makes one.
    screenshot: "only-on-failure",
    launchOptions: { executablePath: chromiumPath, args: CHROMIUM_FLAGS },
  },
});
