import { describe, expect } from "vitest";
import { ERAS } from "../support/eras.ts";
import { test } from "../support/stdio-test.ts";

const KEY = "exa-key-of-this-test";

/** The lines of a level, without what stands before them. */
const linesOf = (stderr: string, level: string) =>
  stderr.split("\n").flatMap((line) => {
    const [, told] = new RegExp(`^websets-events-mcp ${level}: (.*)$`).exec(line) ?? [];
    return told === undefined ? [] : [told];
  });

describe.concurrent.each(ERAS)("over stdio in the era of $name", (era) => {
  test("the log says of each call, request and poll how it went, and neither the key nor a cursor", async ({
    startProgram,
    startSandbox,
  }) => {
    const { env, world } = await startSandbox();
    const { id } = world.past(600_000, () => world.createWebset({ search: { query: "Kite makers", count: 5 } }));
    const args = ["--log-level", "debug", "--poll-interval", "0.2"];
    const session = await era.open(startProgram(args, { ...env, EXA_API_KEY: KEY }));
    await session.call("wait_for_webset", { websetId: id });
    await session.call("get_webset_progress", { websetId: "webset_nowhere" });
    const { value: listed } = await session.call("list_webset_events", { limit: 2 });
    await session.call("list_webset_events", { limit: 2, page: listed.nextPage });
    await session.call("wait_for_webset_event", { types: ["webset.idle"], after: listed.cursor, timeoutSeconds: 1 });
    await session.program.end();

    const { stderr } = session.program;
    const [called, debugged] = [linesOf(stderr, "info"), linesOf(stderr, "debug")];
    expect(called).toEqual([
      expect.stringMatching(/^wait_for_webset: reached, \d+ ms$/),
      expect.stringMatching(/^get_webset_progress: not_found: .*HTTP 404.*, \d+ ms$/),
      expect.stringMatching(/^list_webset_events: answered, \d+ ms$/),
      expect.stringMatching(/^list_webset_events: answered, \d+ ms$/),
      expect.stringMatching(/^wait_for_webset_event: quiet, \d+ ms$/),
    ]);
    expect(debugged).toContainEqual(expect.stringMatching(new RegExp(`^GET /websets/v0/websets/${id}: 200, \\d+ ms$`)));
    expect(debugged).toContainEqual(expect.stringMatching(/^GET \/websets\/v0\/websets\/webset_nowhere: 404, \d+ ms$/));
    expect(debugged).toContainEqual(expect.stringMatching(/^GET \/websets\/v0\/events: 200, \d+ ms$/));
    expect(debugged).toContainEqual(expect.stringMatching(/^poll of webset\.idle: 0 events, 0 new, next in \d+ ms$/));
    for (const secret of [KEY, listed.cursor, listed.nextPage]) expect(stderr).not.toContain(secret);
  });

  test.for(["info", "warn"])(
    "at %s it leaves out what is said above that level",
    async (level, { startProgram, startSandbox }) => {
      const { env } = await startSandbox();
      const session = await era.open(startProgram(["--log-level", level], env));
      await session.call("list_webset_events", {});
      await session.program.end();
      const { stderr } = session.program;
      expect(linesOf(stderr, "debug")).toEqual([]);
      expect(linesOf(stderr, "info")).toHaveLength(level === "info" ? 1 : 0);
    },
  );
});
