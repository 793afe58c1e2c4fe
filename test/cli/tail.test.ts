import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { callerOf } from "../../src/cli/command-context.ts";
import { type TailFlags, tail } from "../../src/cli/commands/tail.ts";
import { READER_GONE } from "../../src/cli/terminal.ts";
import type { Faults } from "../../src/sandbox/server.ts";
import { type CommandWorldOptions, openCommandWorld } from "../support/command-world.ts";

const SEARCH = { query: "Makers of cargo bikes", count: 5 };

/** A world, and a way to break its connection. */
async function open(options: CommandWorldOptions = {}) {
  const upstream = { isDown: false, isRefusing: false };
  const answer = (status: number) => ({ status, headers: {}, body: JSON.stringify({ error: "no" }) });
  const faults: Faults = {
    intercept: async (_, next) => (upstream.isDown ? answer(503) : upstream.isRefusing ? answer(401) : next()),
  };
  const opened = await openCommandWorld({ faults, ...options });
  const run = (flags: TailFlags) => {
    const running = tail(flags, opened.context);
    running.catch(() => {});
    return running;
  };
  return { ...opened, upstream, run };
}

const eventsIn = (lines: readonly string[]) => lines.map((line) => JSON.parse(line));

describe("tail in a pipe", () => {
  test("gives one JSON object a line, the same that agents get, with the resource where asked for", async () => {
    const opened = await open();
    opened.world.past(600_000, () => opened.world.createWebset({ title: "Bikes", search: SEARCH }));
    expect(await opened.clock.until(opened.run({ follow: false }))).toBe(0);
    const events = eventsIn(opened.stdout.lines);
    expect(events[0]).toMatchObject({
      type: "webset.created",
      websetId: expect.any(String),
      summary: expect.any(String),
    });
    expect(events.at(-1)).toMatchObject({ type: "webset.idle" });
    expect(events.every(({ data }) => data === undefined)).toBe(true);
    expect(opened.stderr.text).toBe("");

    const full = await open();
    full.world.past(600_000, () => full.world.createWebset({ search: SEARCH }));
    await full.clock.until(full.run({ follow: false, full: true, types: "webset.idle" }));
    expect(eventsIn(full.stdout.lines)).toMatchObject([{ type: "webset.idle", data: { object: "webset" } }]);
  });

  test("begins now, or where --since says", async () => {
    const opened = await open();
    opened.world.past(600_000, () => opened.world.createWebset({ search: SEARCH }));
    const running = opened.run({ types: "webset.created" });
    await opened.clock.advance(10_000);
    opened.world.createWebset({ title: "New", search: SEARCH });
    await opened.clock.advance(10_000);
    expect(opened.stdout.lines).toHaveLength(1);
    opened.interrupt();
    await expect(running).rejects.toThrow();
  });

  test("reads no further while nobody takes what it says", async () => {
    const opened = await open();
    for (let n = 0; n < 3_000; n++) {
      const data = { id: `item_${n}`, object: "webset_item", websetId: "webset_1" };
      opened.world.record("webset.item.created", data, { createdAt: opened.clock.wallTime() - 3_600_000 + n * 1_000 });
    }
    opened.stdout.hasRoom = false;
    const running = opened.run({ since: "2h", follow: false });
    await opened.clock.advance(60_000);
    expect(opened.stdout.lines).toHaveLength(1);
    const asked = opened.sandbox.requests.total;
    await opened.clock.advance(600_000);
    expect(opened.sandbox.requests.total).toBe(asked);
    opened.stdout.hasRoom = true;
    opened.stdout.emit("drain");
    expect(await opened.clock.until(running)).toBe(0);
    expect(new Set(eventsIn(opened.stdout.lines).map(({ id }) => id)).size).toBe(3_000);
  });
});

describe("tail on a terminal", () => {
  const kinds = async (columns: number, env: Record<string, string> = { FORCE_COLOR: "1" }) => {
    const opened = await open({ columns, env });
    opened.world.past(600_000, () => opened.world.createWebset({ title: "Bikes", search: SEARCH }));
    const { id } = opened.world.past(500_000, () => opened.world.createWebset({ title: "Kites", search: SEARCH }));
    opened.world.deleteWebset(id);
    await opened.clock.advance(10_000);
    await opened.clock.until(opened.run({ follow: false }));
    return opened.stdout.lines;
  };

  test.each([40, 80, 200])("gives each event a line that fits into %i columns", async (columns) => {
    const lines = (await kinds(columns)).map(stripVTControlCharacters);
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    for (const line of lines) expect(line).toMatch(/^\d\d:\d\d:\d\d \S/);
    expect(lines.some((line) => line.includes("webset.item.created"))).toBe(columns === 200);
    expect(lines.some((line) => line.includes("Item found"))).toBe(true);
  });

  test("shows the kind by its colour, what went wrong in red, and no colour where none is wanted", async () => {
    const lines = await kinds(200);
    const styleOf = (type: string) => /\x1b\[(3\d)m/.exec(lines.find((line) => line.includes(type)) ?? "")?.[1];
    const styles = ["webset.created", "webset.search.created", "webset.item.created", "webset.deleted"].map(styleOf);
    expect(styles).toEqual(["35", "36", "32", "31"]);
    expect((await kinds(200, { NO_COLOR: "1" })).join("\n")).not.toContain("\x1b");
  });

  test("says that it waits where nothing happens", async () => {
    const opened = await open({ columns: 80 });
    const running = opened.run({});
    await opened.clock.advance(60_000);
    expect(opened.stdout.text).toBe("");
    expect(opened.stderr.lines.map(stripVTControlCharacters)).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d Events from now on\. Ctrl\+C ends\.$/),
    ]);
    opened.interrupt();
    await expect(running).rejects.toThrow();
  });

  test("shows the day of what is not of today, and the resource below its event where asked for", async () => {
    const opened = await open({ columns: 120 });
    opened.world.past(2 * 86_400_000, () => opened.world.createWebset({ search: SEARCH }));
    await opened.clock.until(opened.run({ follow: false, since: "3d", full: true, types: "webset.created" }));
    const [line, ...data] = opened.stdout.lines.map(stripVTControlCharacters);
    expect(line).toMatch(/^10-\d\d \d\d:\d\d:\d\d webset\.created/);
    expect(JSON.parse(data.join("\n"))).toMatchObject({ object: "webset" });
  });

  test("lets nothing of the web act on the terminal", async () => {
    const opened = await open({ columns: 200, env: { NO_COLOR: "1" } });
    const name = "A\u009b31mB\u202eC\u0007D\u{e0041}";
    const data = { id: "item_1", object: "webset_item", websetId: "webset_1", properties: { company: { name } } };
    opened.world.record("webset.item.created", data);
    for (const json of [false, true]) {
      await opened.clock.until(opened.run({ follow: false, full: true, json }));
    }
    expect(opened.stdout.text).not.toMatch(/[\u0080-\u009f\u202e\u0007\u{e0041}]/u);
    expect(JSON.parse(opened.stdout.lines.at(-1) ?? "").data.properties.company.name).toBe(name);
  });
});

describe("a lost connection", () => {
  test("is a line, and one when it is back", async () => {
    const opened = await open();
    const running = opened.run({});
    await opened.clock.advance(10_000);
    opened.upstream.isDown = true;
    opened.world.createWebset({ title: "Meanwhile", search: SEARCH });
    await opened.clock.advance(600_000);
    expect(opened.stderr.lines).toEqual([expect.stringContaining("The API does not answer; still trying")]);
    opened.upstream.isDown = false;
    await opened.clock.advance(120_000);
    expect(opened.stderr.lines.slice(1)).toEqual([expect.stringContaining("The API answers again")]);
    expect(eventsIn(opened.stdout.lines).map(({ type }) => type)).toContain("webset.created");
    opened.interrupt();
    await expect(running).rejects.toThrow();
  });
});

describe("tail that is ended", () => {
  test("by Ctrl+C says how to go on, and goes on there", async () => {
    const opened = await open();
    const running = opened.run({ types: "webset.*", problems: true });
    await opened.clock.advance(10_000);
    opened.interrupt();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    const [said] = opened.stderr.lines;
    expect(said).toMatch(
      /^To go on from here: websets-events-mcp tail --types 'webset\.\*' --problems --since c[\w-]+$/,
    );
  });

  test("by Ctrl+C in the middle of what it says repeats some rather than lose any", async () => {
    const opened = await open();
    for (let n = 0; n < 5; n++) {
      const data = { id: `item_${n}`, object: "webset_item", websetId: "webset_1" };
      opened.world.record("webset.item.created", data, { createdAt: opened.clock.wallTime() - 600_000 + n * 1_000 });
    }
    opened.stdout.hasRoom = false;
    const running = opened.run({ follow: false });
    await opened.clock.advance(5_000);
    opened.interrupt();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(opened.stdout.lines).toHaveLength(1);
    const [, since = ""] =
      /^To go on from here: websets-events-mcp tail --since (\S+)$/m.exec(opened.stderr.text) ?? [];
    opened.stdout.hasRoom = true;
    opened.stdout.text = "";
    const { signal } = new AbortController();
    const context = { ...opened.context, signal, call: callerOf(opened.context.tenant, signal) };
    expect(await opened.clock.until(tail({ since, follow: false }, context))).toBe(0);
    expect(opened.stdout.lines).toHaveLength(5);
  });

  test("because nobody reads it any more says nothing", async () => {
    const opened = await open();
    const running = opened.run({});
    await opened.clock.advance(10_000);
    opened.interrupt(READER_GONE);
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(opened.stderr.text).toBe("");
  });

  test("by an error says how to go on only where something was read", async () => {
    const opened = await open();
    const running = opened.run({ webset: "webset_nowhere", since: "1h" });
    await expect(opened.clock.until(running)).rejects.toMatchObject({ kind: "not_found" });
    expect(opened.stderr.text).toBe("");
    const other = opened.run({});
    await opened.clock.advance(10_000);
    opened.upstream.isRefusing = true;
    await expect(opened.clock.until(other)).rejects.toMatchObject({ kind: "unauthorized" });
    expect(opened.stderr.lines).toEqual([
      expect.stringMatching(/^To go on from here: websets-events-mcp tail --since c/),
    ]);
  });
});

describe("tail until a Webset is idle", () => {
  test("repeats no word that no Webset is called by, for it may be a key", async () => {
    const opened = await open();
    opened.world.past(600_000, () => opened.world.createWebset({ search: SEARCH }));
    const running = opened.run({ since: "1h", untilIdle: "3f0a9c1e-5b7d-4a52-9d83-1c2b3a4d5e6f" });
    await expect(opened.clock.until(running)).rejects.toMatchObject({ kind: "not_found" });
    expect(opened.stdout.lines).not.toEqual([]);
    expect(opened.stderr.text).toBe("");
  });

  test("ends after its last events, with 0", async () => {
    const opened = await open();
    const { id } = opened.world.createWebset({ search: SEARCH });
    expect(await opened.clock.until(opened.run({ untilIdle: id, since: "1m" }))).toBe(0);
    expect(eventsIn(opened.stdout.lines).at(-1)).toMatchObject({ type: "webset.idle" });
    expect(opened.stderr.text).toBe("");
  });

  test("tells also those that become visible late", async () => {
    const opened = await open({ visibilityDelay: () => 4_900 });
    const { id } = opened.world.createWebset({ search: SEARCH });
    expect(await opened.clock.until(opened.run({ untilIdle: id, since: "1m" }))).toBe(0);
    expect(eventsIn(opened.stdout.lines).map(({ type }) => type)).toContain("webset.idle");
  });

  test("ends with 3 where it never will be: one that is canceled is idle, one that is paused or deleted is not", async () => {
    for (const [end, code] of [
      ["cancelWebset", 0],
      ["pauseWebset", 3],
      ["deleteWebset", 3],
    ] as const) {
      const opened = await open();
      const { id } = opened.world.createWebset({ search: { query: "Makers of kites", count: 50 } });
      const running = opened.run({ untilIdle: id });
      await opened.clock.advance(5_000);
      opened.world[end](id);
      expect(await opened.clock.until(running), end).toBe(code);
      expect(opened.stderr.lines.length, end).toBeLessThan(2);
    }
  });

  test("fails where there is no such Webset, and cannot be had without following", async () => {
    const opened = await open();
    await expect(opened.clock.until(opened.run({ untilIdle: "webset_nowhere" }))).rejects.toMatchObject({
      kind: "not_found",
    });
    await expect(opened.run({ untilIdle: "webset_1", follow: false })).rejects.toThrow("exclude each other");
  });
});
