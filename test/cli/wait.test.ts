import { describe, expect, onTestFinished, test } from "vitest";
import { type WaitFlags, wait } from "../../src/cli/commands/wait.ts";
import { READER_GONE, widthOf } from "../../src/cli/terminal.ts";
import { DEMO_WEBSET } from "../../src/sandbox/scenarios.ts";
import type { Faults } from "../../src/sandbox/server.ts";
import { type CommandWorldOptions, openCommandWorld } from "../support/command-world.ts";
import { refused, spoiling } from "../support/faulty.ts";

const open = async (options: CommandWorldOptions = {}) => {
  const world = await openCommandWorld({ env: { NO_COLOR: "1" }, ...options });
  onTestFinished(() => world.close());
  const create = (more: object = {}) => world.world.createWebset({ ...DEMO_WEBSET, ...more }).id;
  const id = create();
  return {
    ...world,
    id,
    create,
    run: (flags: Partial<WaitFlags> = {}) => wait({ websets: [id], ...flags }, world.context),
    /** What a program reads of how it ended. */
    ends: () => world.stdout.lines.map((line) => JSON.parse(line)),
  };
};

describe("how a wait ends", () => {
  test("0 within 2.5 s of what can be seen of the search's end", async () => {
    const { run, clock, world, id, ends } = await open({ visibilityDelay: () => 0 });
    let isDone = false;
    const waiting = run().finally(() => {
      isDone = true;
    });
    let completedAt: number | undefined;
    while (!isDone) {
      await clock.advance(100);
      if (world.getWebset(id).searches.every(({ status }) => status === "completed")) completedAt ??= clock.now();
    }
    expect(await waiting).toBe(0);
    expect(clock.now() - (completedAt ?? 0)).toBeLessThanOrEqual(2_500);
    expect(ends()).toMatchObject([{ websetId: id, outcome: "reached", progress: { found: 50 } }]);
  });

  test("0 when so many items are found, and when all is done", async () => {
    const { run, clock, ends } = await open();
    expect(await clock.until(run({ items: "10" }))).toBe(0);
    expect(ends()[0].progress.found).toBeGreaterThanOrEqual(10);
    expect(await clock.until(run({ until: "idle" }))).toBe(0);
    expect(ends()[1]).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
  });

  test.each([
    ["canceled", 3],
    ["paused", 3],
    ["deleted", 3],
  ] as const)("%s: %d", async (what, code) => {
    const { run, clock, world, id, ends } = await open();
    const waiting = run();
    await clock.advance(5_000);
    if (what === "canceled") world.cancelWebset(id);
    if (what === "paused") world.pauseWebset(id);
    if (what === "deleted") world.deleteWebset(id);
    expect(await clock.until(waiting)).toBe(code);
    expect(ends()).toMatchObject([{ outcome: what }]);
  });

  test("4 for a Webset that there is none of, with a line that says so", async () => {
    const { run, clock, stdout, stderr } = await open();
    expect(await clock.until(run({ websets: ["webset_01m8eg3m01vh7dx70dxt3c38et"] }))).toBe(4);
    expect(stdout.text).toBe("");
    expect(stderr.text).toMatch(/^websets-events-mcp: [^\n]*webset_01m8eg3m01vh7dx70dxt3c38et[^\n]*\n$/);
  });

  test.each([
    [401, "Invalid API key"],
    [402, "You have run out of credits"],
  ])("5 where the API says %d", async (status, message) => {
    const { run, clock, stderr, stdout } = await open({ faults: spoiling({ "/": refused(status, message) }) });
    expect(await clock.until(run())).toBe(5);
    expect(stdout.text).toBe("");
    expect(stderr.lines).toHaveLength(1);
  });

  test("124 when the time is up, at that time", async () => {
    const { run, clock, ends } = await open({ speed: 0.01 });
    expect(await clock.until(run({ timeout: "2m30s" }))).toBe(124);
    expect(clock.now()).toBeGreaterThanOrEqual(150_000);
    expect(clock.now()).toBeLessThan(151_500);
    expect(ends()).toMatchObject([{ outcome: "still_running", waitedSeconds: expect.closeTo(150, 0) }]);
  });

  test("124 at once for a look alone", async () => {
    const { run, clock, ends } = await open();
    expect(await clock.until(run({ timeout: "0" }))).toBe(124);
    expect(ends()).toMatchObject([{ outcome: "still_running", progress: { status: "running" } }]);
  });

  test("130 with Ctrl+C, with a last line that says how to go on", async () => {
    const { run, clock, stdout, stderr, interrupt } = await open();
    const waiting = run();
    await clock.advance(20_000);
    interrupt();
    expect(await waiting).toBe(130);
    expect(stdout.text).toBe("");
    expect(stderr.lines.slice(-2)).toEqual([
      expect.stringMatching(/^running; search running: \d+ of 50 found/),
      "Stopped after 20 s. The Webset goes on by itself; the same command waits again.",
    ]);
  });

  test("130 without a word where nobody reads it any more", async () => {
    const { run, clock, stderr, interrupt } = await open();
    const waiting = run({ quiet: true });
    await clock.advance(20_000);
    interrupt(READER_GONE);
    expect(await waiting).toBe(130);
    expect(stderr.text).toBe("");
  });
});

describe("of several Websets", () => {
  const two = async () => {
    const world = await open();
    return { ...world, other: world.create({ search: { query: "more of them", count: 5 } }) };
  };

  test("each one has to come as asked", async () => {
    const { run, clock, id, other, ends } = await two();
    expect(await clock.until(run({ websets: [id, other, id] }))).toBe(0);
    expect(ends().map(({ websetId }) => websetId)).toEqual([other, id]);
  });

  test("the first one that cannot come ends it", async () => {
    const { run, clock, world, id, other, ends } = await two();
    const waiting = run({ websets: [id, other] });
    await clock.advance(3_000);
    world.cancelWebset(id);
    expect(await clock.until(waiting)).toBe(3);
    expect(ends()).toMatchObject([{ websetId: id, outcome: "canceled" }]);
  });

  test("with --any the first one that comes is enough, though another one was canceled", async () => {
    const { run, clock, world, id, other, ends } = await two();
    const waiting = run({ websets: [id, other], any: true });
    await clock.advance(3_000);
    world.cancelWebset(id);
    expect(await clock.until(waiting)).toBe(0);
    expect(ends()).toMatchObject([{ outcome: "canceled" }, { websetId: other, outcome: "reached" }]);
  });

  test("with --any none of which comes it is told of them why", async () => {
    const { run, clock, world, id } = await two();
    world.cancelWebset(id);
    expect(await clock.until(run({ websets: [id, "unknown"], any: true }))).toBe(4);
    expect(await clock.until(run({ websets: [id], any: true }))).toBe(3);
  });
});

describe("what is shown of a wait", () => {
  test("in a pipe: a line for each change on stderr, and how it ended as JSON", async () => {
    const { run, clock, stderr, stdout } = await open();
    await clock.until(run());
    const found = stderr.lines.map((line) => /(\d+) of 50 found/.exec(line)?.[1]);
    expect(found.length).toBeGreaterThan(5);
    expect(stderr.lines.every((line) => line.includes("search"))).toBe(true);
    expect(stderr.lines.filter((line, index) => line === stderr.lines[index - 1])).toEqual([]);
    expect(stdout.lines).toHaveLength(1);
  });

  test("with --quiet nothing, and with --json too only how it ended", async () => {
    const { run, clock, stderr, stdout } = await open();
    await clock.until(run({ quiet: true, items: "3" }));
    expect([stdout.text, stderr.text]).toEqual(["", ""]);
    await clock.until(run({ quiet: true, json: true, items: "3" }));
    expect(stderr.text).toBe("");
    expect(stdout.lines).toHaveLength(1);
  });

  test.each([40, 80, 200])("on a terminal of %d columns a bar in its place, and at last a line", async (columns) => {
    const { run, clock, stderr, stdout, id } = await open({ columns });
    const waiting = run();
    await clock.advance(30_000);
    const screen = stderr.screen;
    expect(screen).toHaveLength(2);
    expect(screen[0]).toMatch(/^European companies building/);
    expect(screen[1]).toMatch(
      columns === 40
        ? /^█+░+ {2}\d+ of 50, \d+ %, \d+ s left/
        : /^█+░+ {2}\d+ of 50 found, \d+ %, about \d+ s left; 2 of 2 enrichments pending$/,
    );
    for (const line of screen) expect(widthOf(line)).toBeLessThan(columns);
    expect(await clock.until(waiting)).toBe(0);
    expect(stderr.screen.join("").replaceAll(" ", "")).toBe(`Whatitfound:websets-events-mcpitems${id}`);
    expect(stdout.lines).toEqual([expect.stringMatching(/^reached after .*: 50 of 50 found/)]);
  });

  test("on a terminal what moves is gone at the end, also where ^C was shown below it", async () => {
    const { run, clock, stderr, interrupt } = await open({ columns: 80 });
    const waiting = run();
    await clock.advance(5_000);
    stderr.text += "^C";
    interrupt();
    expect(await waiting).toBe(130);
    expect(stderr.screen).toEqual([expect.stringMatching(/^running; search/), expect.stringMatching(/^Stopped after/)]);
  });

  test("on a terminal of several Websets a line with a bar for each that is waited for", async () => {
    const { run, clock, stderr, stdout, id, create } = await open({ columns: 120 });
    const other = create({ search: { query: "more of them", count: 5 }, externalId: "others" });
    const waiting = run({ websets: [id, "others"] });
    await clock.advance(5_000);
    expect(stderr.screen).toEqual([
      expect.stringMatching(new RegExp(`^${id} {2}█*░+ {2}\\d+ of 50 found`)),
      expect.stringMatching(/^others {29}█*░* {2}\d of 5 found/),
    ]);
    await clock.advance(30_000);
    expect(stderr.screen).toEqual([expect.stringContaining(`${id}  █`)]);
    expect(stdout.lines).toEqual([expect.stringMatching(/^others: reached after/)]);
    expect(stdout.text).not.toContain(other);
    await clock.until(waiting);
  });

  test("on a terminal no more than it has rows, of however many Websets", async () => {
    const { run, clock, stderr, create } = await open({ columns: 80 });
    const websets = Array.from({ length: 30 }, (_, n) => {
      create({ externalId: `webset-${n}` });
      return `webset-${n}`;
    });
    const waiting = run({ websets, timeout: "10s" });
    await clock.advance(5_000);
    expect(stderr.screen).toHaveLength(23);
    expect(stderr.screen.at(-1)).toBe("and 8 more");
    expect(await clock.until(waiting)).toBe(124);
    expect(stderr.screen).toEqual([]);
  });

  test("trouble that passes is one dim line, and no end", async () => {
    let isDown = false;
    const faults: Faults = {
      intercept: async (_, next) => (isDown ? refused(503, "Down for a moment")(await next()) : next()),
    };
    const { run, clock, stderr } = await open({ faults, env: { FORCE_COLOR: "1" } });
    const waiting = run();
    await clock.advance(5_000);
    isDown = true;
    await clock.advance(200_000);
    isDown = false;
    expect(await clock.until(waiting)).toBe(0);
    const trouble = stderr.lines.filter((line) => line.includes("\u001b[2m"));
    expect(trouble).toEqual([expect.stringContaining("not available at the moment (503)")]);
  });

  test("an API that does not answer from the beginning is told soon, and waited for until the time is up", async () => {
    const faults = spoiling({ "/": refused(503, "Down for a moment") });
    const { run, clock, stderr, stdout } = await open({ faults });
    const waiting = run({ timeout: "5m" });
    await clock.advance(12_000);
    expect(stderr.lines).toEqual([expect.stringContaining("not available at the moment (503)")]);
    expect(await clock.until(waiting)).toBe(1);
    expect(clock.now()).toBeLessThan(302_000);
    expect(stdout.text).toBe("");
    expect(stderr.lines.at(-1)).toMatch(/^websets-events-mcp: .*not available at the moment/);
    for (const any of [false, true]) {
      expect(await clock.until(run({ websets: ["demo", "other"], timeout: "5s", any }))).toBe(1);
    }
  });

  test("one that answered once and never again is out of time", async () => {
    let isDown = false;
    const faults: Faults = { intercept: async (_, next) => (isDown ? refused(503, "Down")(await next()) : next()) };
    const { run, clock } = await open({ faults });
    const waiting = run({ timeout: "5m" });
    await clock.advance(5_000);
    isDown = true;
    expect(await clock.until(waiting)).toBe(124);
  });
});
