import { describe, expect, test } from "vitest";
import { lookAtWebset } from "../../src/webset/observe.ts";
import { WebsetStates } from "../../src/webset/states.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";

const SEARCH = { search: { query: "Robot makers in Europe", count: 5 } };
const { signal } = new AbortController();

describe("looking at a Webset", () => {
  test("is one request for all who ask at the same time", async () => {
    const opened = openFeedWorld({ latency: () => 100 });
    const { id } = opened.world.createWebset(SEARCH);
    const looks = Array.from({ length: 50 }, () => opened.states.look(id, new AbortController().signal, 0));
    const answers = await opened.fake.until(Promise.all(looks));
    expect(answers.every(({ value }) => value.id === id)).toBe(true);
    expect(opened.requests).toHaveLength(1);
    await opened.fake.until(opened.states.look(id, signal));
    expect(opened.requests).toHaveLength(2);
  });

  test("gives nobody an answer to a question asked before theirs", async () => {
    const opened = openFeedWorld({ latency: () => 100 });
    const { id } = opened.world.createWebset({});
    const early = opened.states.look(id, signal, 0);
    await opened.fake.advance(150);
    opened.world.createSearch(id, SEARCH.search);
    const late = Array.from({ length: 10 }, () => opened.states.look(id, new AbortController().signal, 150));
    expect((await opened.fake.until(early)).value.searches).toHaveLength(0);
    for (const look of late) expect((await opened.fake.until(look)).value.searches).toHaveLength(1);
    expect(opened.requests).toHaveLength(2);
  });

  test("does not take somebody else's earlier failure for its own", async () => {
    const opened = openFeedWorld({ latency: () => 100 });
    const early = opened.states.look("mine", signal, 0);
    early.catch(() => {});
    await opened.fake.advance(150);
    opened.world.createWebset({ externalId: "mine" });
    const late = opened.states.look("mine", signal, 150);
    expect((await opened.fake.until(late)).value.externalId).toBe("mine");
    await expect(early).rejects.toMatchObject({ kind: "not_found" });
  });

  test("is aborted when the last one who asked has gone", async () => {
    const opened = openFeedWorld({ latency: () => 100 });
    const stops = [new AbortController(), new AbortController()];
    const looks = stops.map((stop) => opened.states.look("ws", stop.signal));
    for (const look of looks) look.catch(() => {});
    await opened.fake.advance(50);
    stops[0]?.abort();
    await opened.fake.advance(0);
    expect(opened.requests[0]?.aborted).toBe(false);
    stops[1]?.abort();
    await opened.fake.advance(0);
    expect(opened.requests[0]?.aborted).toBe(true);
    for (const look of looks) await expect(look).rejects.toMatchObject({ name: "AbortError" });
    expect(opened.fake.sleeping).toBe(0);
  });
});

describe("the id behind a text", () => {
  test("is asked for once where the text is the id itself", async () => {
    const opened = openFeedWorld();
    const { id } = opened.world.createWebset({});
    expect(await opened.states.resolve(id, signal)).toBe(id);
    expect(await opened.states.resolve(id, signal)).toBe(id);
    expect(opened.requests).toHaveLength(1);
    expect(opened.states.knows(id)).toBe(true);
  });

  test("is that of the Webset which has the externalId now", async () => {
    const opened = openFeedWorld();
    const first = opened.world.createWebset({ externalId: "mine" });
    expect(await opened.states.resolve("mine", signal)).toBe(first.id);
    opened.world.deleteWebset("mine");
    expect(await opened.states.resolve("mine", signal)).toBe(first.id);
    const second = opened.world.createWebset({ externalId: "mine" });
    expect(await opened.states.resolve("mine", signal)).toBe(second.id);
  });

  test("is not_found where nothing is behind it", async () => {
    const opened = openFeedWorld();
    await expect(opened.states.resolve("gone", signal)).rejects.toMatchObject({ kind: "not_found" });
    expect(opened.states.knows("gone")).toBe(false);
  });

  test("is not known while the upstream is in trouble, nor where it refuses the key", async () => {
    const opened = openFeedWorld({ spoil: async () => refusal(401) });
    await expect(opened.states.resolve("ws", signal)).rejects.toMatchObject({ kind: "unauthorized" });
  });

  test("is kept for so many texts only", async () => {
    const opened = openFeedWorld();
    const states = new WebsetStates(opened.exa, opened.clock);
    const ids = Array.from({ length: 1_001 }, () => opened.world.createWebset({}).id);
    for (const id of ids) await states.look(id, signal);
    expect(states.knows(ids[0] ?? "")).toBe(false);
    expect(states.knows(ids[1] ?? "")).toBe(true);
  });
});

describe("progress with a position", () => {
  test("is followed without a gap from there", async () => {
    for (const dates of [true, false]) {
      const opened = openFeedWorld({ dates, latency: () => 80 });
      opened.record("webset.idle", { at: opened.start - 60_000 });
      const { id } = opened.world.createWebset(SEARCH);
      const { feed, states } = opened;
      const { progress, position } = await opened.fake.until(lookAtWebset(id, { feed, states, signal }));
      expect(progress).toMatchObject({ websetId: id, status: "running" });
      expect(position.since).toBeLessThanOrEqual(opened.now());
      expect(position.since).toBeGreaterThan(opened.start - 3_000);
    }
  });

  test("of a Webset that is not there is not_found", async () => {
    const { feed, states } = openFeedWorld();
    await expect(lookAtWebset("nowhere", { feed, states, signal })).rejects.toMatchObject({ kind: "not_found" });
  });
});
