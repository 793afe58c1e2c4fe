import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { ERAS } from "../support/eras.ts";
import { eventually } from "../support/eventually.ts";
import { heldClock } from "../support/held-clock.ts";
import { type Starters, test } from "../support/stdio-test.ts";
import type { Upstream } from "../support/upstream.ts";

const FAST = ["--poll-interval", "0.2"];

interface GivenEvent {
  id: string;
  type: string;
}

const polls = ({ requests }: Upstream) => requests.latest.filter(({ route }) => route === "GET /websets/v0/events");

describe.concurrent.each(ERAS)("over stdio in the era of $name", (era) => {
  const connect = (start: Starters["startProgram"], { env }: Pick<Upstream, "env">) => era.open(start(FAST, env));

  test("a wait for a Webset that completes meanwhile returns with the poll after that", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox({ speed: 20 });
    const session = await connect(startProgram, upstream);
    const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 5 } });
    const { value } = await session.call("wait_for_webset", { websetId: id, timeoutSeconds: 15 });
    expect(value).toMatchObject({ outcome: "reached", progress: { searches: [{ status: "completed", found: 5 }] } });
    expect(value.next).toMatch(/list_webset_items|until "idle"/);
    const [completed] = upstream.world.events.walk({ order: "newest-first", types: ["webset.search.completed"] });
    // One may have been under way.
    expect(polls(upstream).filter(({ time }) => time > (completed?.time ?? Number.NaN)).length).toBeLessThanOrEqual(2);
  });

  test("a wait of zero seconds looks once, and one of a second ends long before one of eight", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox({ speed: 0.1 });
    const session = await connect(startProgram, upstream);
    const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 5 } });
    // The first request of a program takes longer: what it needs is loaded with it.
    await session.call("get_webset_progress", { websetId: id });
    const before = upstream.requests.total;
    const look = await session.call("wait_for_webset", { websetId: id, timeoutSeconds: 0 });
    expect(look.value).toMatchObject({ outcome: "still_running", progress: { status: "running" } });
    expect(look.value.next).toContain(`wait_for_webset again with websetId "${id}"`);
    expect(upstream.requests.total - before).toBeLessThanOrEqual(2);
    const nothing = await session.call("wait_for_webset_event", { types: ["monitor.*"], timeoutSeconds: 0 });
    expect(nothing.value).toMatchObject({ outcome: "quiet", events: [] });

    const done: number[] = [];
    const longer = session.call("wait_for_webset_event", { types: ["monitor.*"], timeoutSeconds: 8 });
    void longer.finally(() => done.push(8)).catch(() => {});
    const answers = await Promise.all([
      session.call("wait_for_webset", { websetId: id, timeoutSeconds: 1 }),
      session.call("wait_for_webset_event", { types: ["monitor.*"], timeoutSeconds: 1 }),
    ]);
    expect(done).toEqual([]);
    expect(answers.map(({ value }) => value.outcome)).toEqual(["still_running", "quiet"]);
    for (const { value } of answers) {
      expect(value.waitedSeconds).toBeGreaterThanOrEqual(1);
      expect(value.next).toMatch(/\bcall wait_for_webset/i);
    }
  });

  test("waits that go on from the cursor lose and repeat nothing, not even over a restart of the program", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox({ speed: 30 });
    let session = await connect(startProgram, upstream);
    const begun = await session.call("list_webset_events", { types: ["webset.*"] });
    upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 20 } });

    let after: string = begun.value.cursor;
    const given: GivenEvent[] = [];
    for (let call = 1; given.at(-1)?.type !== "webset.idle"; call++) {
      const args = { types: ["webset.*"], after, limit: 1 + (call % 7), timeoutSeconds: call % 2 === 0 ? 0.1 : 0.4 };
      const { value, error } = await session.call("wait_for_webset_event", args);
      // Where the machine is too busy to answer in such a short time, the same cursor is good for another try.
      if (error === undefined) {
        given.push(...value.events);
        after = value.cursor;
      } else {
        expect(error).toMatch(/^unavailable: /);
      }
      if (call % 4 === 0) {
        await session.program.end();
        session = await connect(startProgram, upstream);
      }
    }
    const all = [...upstream.world.events.walk({ order: "oldest-first" })].map(({ event }) => event.id);
    expect(given.map(({ id }) => id)).toEqual(all);
  });

  test("ten waits at once share their polls, and each returns", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox({ speed: 20 });
    const session = await era.open(startProgram(["--poll-interval", "0.5"], upstream.env));
    const websets = Array.from({ length: 10 }, (_, index) =>
      upstream.world.createWebset({ search: { query: `Makers of bikes, part ${index}`, count: 3 } }),
    );
    const startedAt = performance.now();
    const answers = await Promise.all(
      websets.map(({ id }) => session.call("wait_for_webset", { websetId: id, timeoutSeconds: 15 })),
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(answers.map(({ value }) => value.outcome)).toEqual(websets.map(() => "reached"));
    expect(answers.map(({ value }) => value.progress.websetId)).toEqual(websets.map(({ id }) => id));
    const states = upstream.requests.total - polls(upstream).length;
    expect(states).toBeLessThanOrEqual(20);
    expect(polls(upstream).length).toBeLessThanOrEqual(2 + seconds / 0.5);
  });

  test("progress goes out at once and grows, with the limit and a line that a person can read", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox({ speed: 5 });
    const session = await connect(startProgram, upstream);
    const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 50 } });
    const seen: { asked: number; progress: number; total?: number | undefined; message?: string | undefined }[] = [];
    const before = upstream.requests.total;
    const call = session.call(
      "wait_for_webset",
      { websetId: id, timeoutSeconds: 3.5 },
      { onprogress: (progress) => seen.push({ asked: upstream.requests.total - before, ...progress }) },
    );
    await call;
    // Once a second where there is news; a busy machine may skip one.
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(seen[0]).toMatchObject({ progress: 0, total: 3.5 });
    expect(seen[0]?.asked).toBeLessThanOrEqual(1);
    for (const [index, { progress, total }] of seen.entries()) {
      expect(total).toBe(3.5);
      if (index > 0) expect(progress).toBeGreaterThan(seen[index - 1]?.progress ?? Number.NaN);
    }
    expect(seen.at(-1)?.message).toMatch(/^running; search (created|running): \d+ of 50 found, \d+ %/);
  });

  test("a wait that is canceled stops polling, and nothing more is sent for it", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox({ speed: 1 });
    const session = await connect(startProgram, upstream);
    const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 50 } });
    const canceling = new AbortController();
    const call = session.call(
      "wait_for_webset",
      { websetId: id, timeoutSeconds: 15 },
      { signal: canceling.signal, onprogress: () => {} },
    );
    await eventually(() => polls(upstream).length >= 2, { what: "polling" });
    const lines = session.program.lines.length;
    canceling.abort();
    await expect(call).rejects.toThrow();
    // The program is there for others, and has taken in the cancellation when it answers them.
    const { value } = await session.call("get_webset_progress", { websetId: id });
    expect(value.progress.status).toBe("running");
    const [asked, told] = [upstream.requests.total, session.program.lines.length];
    // In this time there would have been some polls.
    await sleep(1_000);
    expect(upstream.requests.total).toBe(asked);
    expect(session.program.lines.slice(told)).toEqual([]);
    const answers = session.program.lines.slice(lines).filter((line) => "id" in JSON.parse(line));
    expect(answers).toHaveLength(1);
  });

  test("canceling a call aborts the request it has under way", async ({ startProgram, startStandIn }) => {
    let asked = false;
    let aborted = false;
    const upstream = await startStandIn((_request, response) => {
      asked = true;
      response.on("close", () => {
        aborted = !response.writableEnded;
      });
    });
    const session = await connect(startProgram, upstream);
    const canceling = new AbortController();
    const call = session.call("get_webset_event", { eventId: "evt_1" }, { signal: canceling.signal });
    await eventually(() => asked, { what: "a request" });
    canceling.abort();
    await expect(call).rejects.toThrow();
    await eventually(() => aborted, { what: "the end of the request" });
  });

  test("a canceled wait leaves others on the same events alone", async ({ startProgram, startSandbox }) => {
    const clock = heldClock();
    const upstream = await startSandbox({ clock, speed: 20 });
    const session = await connect(startProgram, upstream);
    const canceling = new AbortController();
    const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 10 } });
    const args = { websetId: id, timeoutSeconds: 15 };
    const canceled = session.call("wait_for_webset", args, { signal: canceling.signal });
    const other = session.call("wait_for_webset", args);
    await eventually(() => polls(upstream).length >= 1, { what: "polling" });
    canceling.abort();
    await expect(canceled).rejects.toThrow();
    clock.letGo();
    expect((await other).value.outcome).toBe("reached");
  });
});
