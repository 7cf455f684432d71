import base from "../playwright.config.ts";

// What is measured must not share the machine with other tests.
export default { ...base, testDir: ".", workers: 1, fullyParallel: false, timeout: 180_000 };
