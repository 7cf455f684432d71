import { defineConfig, devices } from "@playwright/test";

import { CHROMIUM } from "./server.ts";

const runsAsRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  // A test waits for the network, for timers and for pauses in typing about half of its time.
  workers: "100%",
  forbidOnly: !!process.env.CI,
  // A test that passes only the second time has found something.
  retries: 0,
  // However busy the machine is: a test that passes does not wait for these.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: "list",
  use: {
    ...devices["Desktop Chrome"],
    // Without a film of the page: drawing it for the film takes longer than the tests do.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: true },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: CHROMIUM,
      args: [
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        // Chromium's sandbox refuses to work for root.
        ...(runsAsRoot ? ["--no-sandbox"] : []),
      ],
    },
  },
});
