import { defineConfig, devices } from "@playwright/test";

const runsAsRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  // A test that passes only the second time has found something.
  retries: 0,
  reporter: "list",
  use: {
    ...devices["Desktop Chrome"],
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
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
