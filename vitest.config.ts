import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["scripts/global-setup.mjs"],
    // On a machine with two cores: much of a test that starts programs of its own is waiting, so that a third worker finds time.
    pool: "forks",
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", "json"],
    outputFile: { json: ".test-report.json" },
  },
});
