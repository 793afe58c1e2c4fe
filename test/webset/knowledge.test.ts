import { describe, expect, test } from "vitest";
import { parseWebset, type Webset } from "../../src/exa/schemas.ts";
import { toFeedEvent } from "../../src/feed/event.ts";
import { positionAt } from "../../src/feed/position.ts";
import { WebsetsError } from "../../src/shared/errors.ts";
import {
  allowedAt,
  begin,
  failureOf,
  type Knowledge,
  learn,
  nextLook,
  type Observation,
} from "../../src/webset/knowledge.ts";

const RHYTHM_MS = 15_000;
/** The upstream's time at `clock.now()` 0. */
const EPOCH = Date.parse("2026-11-01T12:00:00.000Z");

function webset(status: string, searches: Record<string, string> = { a: "running" }, updatedAt?: number): Webset {
  const stamp = updatedAt === undefined ? {} : { updatedAt: new Date(EPOCH + updatedAt).toISOString() };
  return parseWebset({
    id: "ws",
    status,
    searches: Object.entries(searches).map(([id, one]) => ({ id, status: one })),
    ...stamp,
  });
}

const error = (kind: ConstructorParameters<typeof WebsetsError>[0], more: object = {}) =>
  new WebsetsError(kind, { what: kind, ...more });

/** News of one event, created and read at `at`. */
function read(at: number, type: string, data: unknown, more: Partial<Extract<Observation, { kind: "read" }>> = {}) {
  const createdAt = new Date(EPOCH + at).toISOString();
  const event = toFeedEvent({ id: `e${at}`, type, createdAt, data });
  const now = EPOCH + at;
  const called = { earliest: EPOCH, latest: EPOCH + 2_000 };
  return { kind: "read" as const, at, events: [event], asked: true, settledUpTo: now - 6_000, now, called, ...more };
}

const looked = (at: number, state: Webset): Observation => ({
  kind: "looked",
  at,
  webset: state,
  position: positionAt(EPOCH + at),
});
const unseen = (at: number, kind: Parameters<typeof error>[0], more: object = {}): Observation => ({
  kind: "unseen",
  at,
  error: error(kind, more),
});
const unread = (at: number, kind: Parameters<typeof error>[0]): Observation => ({
  kind: "unread",
  at,
  error: error(kind),
});

/** What is known after a first look at 0 and these observations. */
function having(...met: Observation[]): Knowledge {
  return met.reduce(learn, begin(webset("running"), 0, positionAt(EPOCH)));
}

const searches = ({ webset }: Knowledge) => Object.fromEntries(webset.searches.map(({ id, status }) => [id, status]));

describe("what an observer learns", () => {
  test("from an event of a search is that search, which no later look takes back once it has ended", () => {
    const told = having(read(3_000, "webset.search.completed", { id: "a", status: "completed" }));
    expect(searches(told)).toEqual({ a: "completed" });
    expect(told.owed).toBeUndefined();
    expect(searches(learn(told, looked(4_000, webset("running"))))).toEqual({ a: "completed" });
  });

  test("from an event of a search that the state does not list yet is that the state's idleness is of before", () => {
    const stale = webset("idle", { a: "canceled" });
    const told = having(looked(1_000, stale), read(3_000, "webset.search.completed", { id: "b", status: "completed" }));
    expect(told.webset.status).toBe("running");
    expect(learn(told, looked(4_000, stale)).webset.status).toBe("running");
    const now = webset("idle", { a: "canceled", b: "completed" });
    expect(learn(told, looked(5_000, now)).webset.status).toBe("idle");
  });

  test("from a look replaces what events told of a search that goes on, where nothing tells which is newer", () => {
    const told = having(read(3_000, "webset.search.updated", { id: "a", status: "running" }));
    expect(searches(learn(told, looked(4_000, webset("running", { a: "strange" }))))).toEqual({ a: "strange" });
  });

  test("from a snapshot are the searches that have ended in it, and that the state has to be looked at", () => {
    const told = having(
      read(3_000, "webset.paused", { id: "ws", status: "paused", searches: [{ id: "a", status: "canceled" }] }),
    );
    expect(searches(told)).toEqual({ a: "canceled" });
    expect(told.webset.status).toBe("running");
    expect(nextLook(told, RHYTHM_MS)).toEqual({ at: 3_000, isOwed: true });
  });

  test("is that the Webset is gone by its event at once", () => {
    expect(having(read(3_000, "webset.deleted", { id: "ws" })).isGone).toBe(true);
  });

  test("is that it was idle, if the event or its snapshot is of after the call", () => {
    const idle = (at: number, updatedAt?: number) =>
      having(read(at, "webset.idle", { ...webset("idle", { a: "completed" }, updatedAt), id: "ws" })).idle !==
      undefined;
    expect(idle(2_500)).toBe(true);
    expect(idle(1_000)).toBe(true);
    expect(idle(-500)).toBe(false);
    const unchanged = begin(webset("idle", { a: "completed" }), 0, undefined);
    expect(
      learn(unchanged, read(1_000, "webset.idle", { ...webset("idle", { a: "completed" }), id: "ws" })).idle,
    ).toBeUndefined();
  });

  test("from an event of a search is as of the event's own time", () => {
    const updated = (at: number, late: number) =>
      read(at, "webset.search.updated", { id: "a", status: "running" }, { now: EPOCH + at + late });
    expect(having(updated(9_000, 0)).toldAt).toBe(9_000);
    expect(having(updated(9_000, 5_000)).toldAt).toBe(4_000);
  });

  test("moves its position to what is settled, and never back", () => {
    const told = having(read(30_000, "webset.search.updated", { id: "a", status: "running" }));
    expect(told.position.since).toBe(EPOCH + 24_000);
    expect(learn(told, looked(20_000, webset("running"))).position.since).toBe(EPOCH + 24_000);
    const recalled = having(read(30_000, "webset.search.updated", {}, { asked: false }));
    expect(recalled.position.since).toBe(EPOCH);
  });
});

describe("the next look", () => {
  const next = (...met: Observation[]) => nextLook(having(...met), RHYTHM_MS);

  test("comes now and then", () => {
    expect(next()).toEqual({ at: 15_000, isOwed: false });
    expect(next(looked(7_000, webset("running")))).toEqual({ at: 22_000, isOwed: false });
  });

  test("is owed until one was asked for when the state must show what an event told of", () => {
    const paused = read(3_000, "webset.paused", {});
    expect(next(paused, looked(3_000, webset("running")))).toEqual({ at: 4_000, isOwed: true });
    expect(next(paused, looked(8_900, webset("running")))).toEqual({ at: 9_900, isOwed: true });
    expect(next(paused, looked(9_000, webset("running")))).toEqual({ at: 24_000, isOwed: false });
  });

  test("comes every two seconds while the events cannot be read", () => {
    expect(next(unread(5_000, "unavailable"))).toEqual({ at: 7_000, isOwed: false });
    expect(next(unread(5_000, "unavailable"), looked(7_000, webset("running")))).toEqual({ at: 9_000, isOwed: false });
    const again = read(8_000, "webset.search.updated", { id: "b", status: "running" });
    expect(next(unread(5_000, "unavailable"), again)).toEqual({ at: 15_000, isOwed: false });
  });

  test("heeds what the upstream asks, and backs off when it fails", () => {
    const paused = read(3_000, "webset.paused", {});
    expect(next(paused, unseen(3_000, "rate_limited", { retryAfterMs: 30_000 })).at).toBe(33_000);
    const failing = [3_000, 4_000, 6_000, 10_000].map((at) => unseen(at, "unavailable"));
    expect(next(paused, ...failing).at).toBe(15_000);
    expect(next(paused, ...failing, looked(15_000, webset("paused")))).toEqual({ at: 30_000, isOwed: false });
  });

  test("that could be a verdict comes two seconds after the first", () => {
    expect(next(unseen(3_000, "not_found"))).toEqual({ at: 5_000, isOwed: true });
    expect(allowedAt(having(unseen(3_000, "not_found")))).toBe(5_000);
  });
});

describe("what ends an observer", () => {
  test("is what an account has at once, and the API's own word about what the plan allows", () => {
    for (const kind of ["unauthorized", "no_access", "out_of_credits", "missing_key"] as const) {
      expect(failureOf(having(unseen(3_000, kind)))?.kind).toBe(kind);
      expect(failureOf(having(unread(3_000, kind)))?.kind).toBe(kind);
    }
    expect(failureOf(having(unseen(3_000, "forbidden", { tag: "FEATURE_DISABLED" })))?.kind).toBe("forbidden");
    expect(failureOf(having(unseen(3_000, "forbidden")))).toBeUndefined();
  });

  test("is a second refusal of both ways, and never of one", () => {
    const twice = [unseen(3_000, "forbidden"), unseen(5_000, "forbidden")];
    expect(failureOf(having(...twice))).toBeUndefined();
    expect(failureOf(having(...twice, unread(5_000, "not_found"), unread(7_000, "not_found")))?.kind).toBe("forbidden");
    expect(failureOf(having(...twice, unread(5_000, "not_found"), unread(5_500, "not_found")))).toBeUndefined();
  });

  test("is no refusal that was taken back, or another one each time", () => {
    expect(
      having(unseen(3_000, "not_found"), looked(5_000, webset("running")), unseen(9_000, "not_found")).isGone,
    ).toBe(false);
    expect(having(unseen(3_000, "forbidden"), unseen(5_000, "not_found")).isGone).toBe(false);
    expect(having(unseen(3_000, "not_found"), unseen(4_000, "unavailable"), unseen(5_000, "not_found")).isGone).toBe(
      true,
    );
  });
});
