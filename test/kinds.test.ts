import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, expect, test } from "vitest";

/** In `npm test`, a quick proof that the built program works; all else that starts it is `npm run system`. */
const MAY_START_PROGRAMS = [
  "artefacts/artefacts.test.ts",
  "built-program.test.ts",
  "smithery.test.ts",
  "surface.test.ts",
];

const STARTS =
  /support\/(program|stdio-test|eras|listed-tools)\.ts|describeProgram|run-example\.ts|child_process|StdioClientTransport|openProgram/;
/** What goes by the machine's clock: a busy machine would be a failure. */
const CLOCKS = /performance\.now|Date\.now|hrtime|\bsetTimeout\b/;

const own = "kinds.test.ts";
const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll(sep, "/"))
  .filter((path) => path.endsWith(".test.ts") && path !== own);
const having = (paths: string[], pattern: RegExp) =>
  paths.filter((path) => pattern.test(readFileSync(join(import.meta.dirname, path), "utf8")));

describe("the tests of npm test", () => {
  const unit = files.filter((path) => !path.endsWith(".system.test.ts"));

  test("start no programs but in the few that prove the build", () => {
    expect(unit.length).toBeGreaterThan(50);
    expect(having(unit, STARTS).toSorted()).toEqual(MAY_START_PROGRAMS);
  });

  test("go by no clock of the machine's", () => {
    expect(having(unit, CLOCKS)).toEqual([]);
  });
});
