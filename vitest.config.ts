import { defineConfig } from "vitest/config";

const SYSTEM = "test/**/*.system.test.ts";

export default defineConfig({
  test: {
    globalSetup: ["scripts/global-setup.mjs"],
    setupFiles: ["test/support/no-listener-leaks.ts", "test/support/property-seed.ts"],
    pool: "forks",
    // For a machine with two cores.
    maxWorkers: 2,
    // Not how long tests take, but after what time they hang, on a machine that is busy with something else.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", "json"],
    outputFile: { json: ".test-report.json" },
    projects: [
      // `npm test`: in Node alone, on clocks and upstreams that the tests hold in their hands.
      // Files share two processes: a process for each would spend as long on starting and imports as on half of the tests.
      { extends: true, test: { name: "unit", include: ["test/**/*.test.ts"], exclude: [SYSTEM], isolate: false } },
      // `npm run system`: programs as processes of their own, in real time.
      { extends: true, test: { name: "system", include: [SYSTEM] } },
    ],
  },
});
