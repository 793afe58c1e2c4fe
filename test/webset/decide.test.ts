import { describe, expect, test } from "vitest";
import { parseWebset, type Webset } from "../../src/exa/schemas.ts";
import { decide, goalOf, isIdle, isLaterThan, secondsLeft } from "../../src/webset/decide.ts";

/** A Webset with searches of these statuses: `a`, `b`, and so on, created one second after the other. */
function webset(status: string, searches: string[] = [], more: object = {}): Webset {
  return parseWebset({
    id: "ws",
    status,
    searches: searches.map((one, n) => ({
      id: String.fromCharCode(97 + n),
      status: one,
      createdAt: `2026-11-01T12:00:0${n}.000Z`,
    })),
    ...more,
  });
}

describe("what a wait is for", () => {
  test("is the search it names, whether or not the Webset lists it", () => {
    const first = webset("running", ["running"]);
    expect(goalOf("search_completed", "x", first)).toEqual({ kind: "searches", searchIds: ["x"] });
  });

  test("are the searches unfinished at the call", () => {
    const first = webset("running", ["completed", "running", "created", "strange"]);
    expect(goalOf("search_completed", undefined, first)).toEqual({ kind: "searches", searchIds: ["b", "c", "d"] });
  });

  test("is the newest search where all are finished, in whatever order they are listed", () => {
    const first = webset("idle", ["completed", "canceled", "completed"]);
    expect(goalOf("search_completed", undefined, first)).toEqual({ kind: "searches", searchIds: ["c"] });
    first.searches.reverse();
    expect(goalOf("search_completed", undefined, first)).toEqual({ kind: "searches", searchIds: ["c"] });
  });

  test("is to be idle where there is no search, or where that was asked for", () => {
    expect(goalOf("search_completed", undefined, webset("running"))).toEqual({ kind: "idle" });
    expect(goalOf("idle", "a", webset("running", ["running"]))).toEqual({ kind: "idle" });
  });
});

describe("how a wait for searches ends", () => {
  const goal = (...searchIds: string[]) => ({ kind: "searches" as const, searchIds });

  test.each<[string, string[], string | undefined]>([
    ["running", ["completed", "completed"], "reached"],
    ["running", ["completed", "running"], undefined],
    ["running", ["completed", "canceled"], "canceled"],
    ["running", ["canceled", "running"], "canceled"],
    ["paused", ["completed", "completed"], "reached"],
    ["paused", ["completed", "running"], "paused"],
    ["paused", ["canceled", "running"], "canceled"],
    ["idle", ["completed", "running"], undefined],
    ["running", ["completed"], undefined],
    ["idle", ["failed", "failed"], "stopped"],
    ["idle", ["completed", "failed"], "stopped"],
    ["idle", ["failed", "canceled"], "canceled"],
    ["idle", ["failed", "running"], undefined],
    ["idle", ["failed"], undefined],
    ["running", ["completed", "failed"], undefined],
    ["paused", ["completed", "failed"], "paused"],
    ["resting", ["completed", "failed"], undefined],
  ])("in a Webset that is %s with searches %j: %s", (status, searches, outcome) => {
    expect(decide(goal("a", "b"), webset(status, searches))).toBe(outcome);
  });

  test("does not depend on searches that do not count", () => {
    expect(decide(goal("a"), webset("running", ["completed", "canceled", "running"]))).toBe("reached");
  });

  test("is a deletion where that is why a search was canceled, unless all had been completed", () => {
    const deleted = webset("idle", ["completed", "canceled"]);
    Object.assign(deleted.searches[1] ?? {}, { canceledReason: "webset_deleted" });
    expect(decide(goal("b"), deleted)).toBe("deleted");
    expect(decide(goal("a"), deleted)).toBe("reached");
    expect(decide({ kind: "idle" }, { ...deleted, status: "running" })).toBe("deleted");
    Object.assign(deleted.searches[1] ?? {}, { canceledReason: "webset_canceled" });
    expect(decide(goal("b"), deleted)).toBe("canceled");
  });
});

describe("how a wait for idle ends", () => {
  test.each<[string, string[], string | undefined]>([
    ["idle", [], "reached"],
    ["idle", ["completed", "canceled"], "reached"],
    ["idle", ["completed", "running"], undefined],
    ["running", ["completed"], undefined],
    ["pending", [], undefined],
    ["paused", ["completed"], "paused"],
    ["idle", ["failed"], "stopped"],
    ["idle", ["completed", "failed"], "stopped"],
    ["idle", ["running", "failed"], undefined],
    ["idle", ["created", "failed"], undefined],
    ["idle", ["pending", "failed"], undefined],
    ["running", ["failed"], undefined],
    ["paused", ["failed"], "paused"],
  ])("in a Webset that is %s with searches %j: %s", (status, searches, outcome) => {
    expect(decide({ kind: "idle" }, webset(status, searches))).toBe(outcome);
    expect(isIdle(webset(status, searches))).toBe(outcome === "reached");
  });
});

describe("a snapshot is later than another", () => {
  const at = (second: number) => ({ updatedAt: `2026-11-01T12:00:0${second}.000Z` });

  test("by the time of its update", () => {
    expect(isLaterThan(webset("idle", [], at(5)), webset("running", [], at(4)))).toBe(true);
    expect(isLaterThan(webset("idle", ["completed"], at(4)), webset("running", ["running"], at(5)))).toBe(false);
  });

  test("by a search that ended in between, where times do not tell", () => {
    for (const time of [{}, at(3)]) {
      expect(isLaterThan(webset("idle", ["completed"], time), webset("running", ["running"], time))).toBe(true);
      expect(isLaterThan(webset("idle", ["completed"], time), webset("running", ["completed"], time))).toBe(false);
      expect(isLaterThan(webset("idle", ["completed"], time), webset("running", ["running", "running"], time))).toBe(
        false,
      );
    }
  });
});

describe("how long the searches of a wait take", () => {
  const at = Date.parse("2026-11-01T12:01:00.000Z");
  const timed = (...left: (number | null)[]) =>
    parseWebset({
      id: "ws",
      status: "running",
      searches: left.map((timeLeft, n) => ({
        id: String.fromCharCode(97 + n),
        status: "running",
        updatedAt: "2026-11-01T12:00:50.000Z",
        progress: { found: 1, analyzed: 2, completion: 3, timeLeft },
      })),
    });

  test("is what the first to end has left, counted from when the API said it", () => {
    expect(secondsLeft({ kind: "idle" }, timed(40, 90), at)).toBe(30);
    expect(secondsLeft({ kind: "searches", searchIds: ["b"] }, timed(40, 90), at)).toBe(80);
    expect(secondsLeft({ kind: "idle" }, timed(4), at)).toBe(0);
    expect(secondsLeft({ kind: "idle" }, timed(40), undefined)).toBe(40);
  });

  test("is unknown where one of them does not say, and where none is under way", () => {
    expect(secondsLeft({ kind: "idle" }, timed(40, null), at)).toBeUndefined();
    expect(secondsLeft({ kind: "searches", searchIds: ["a"] }, timed(40, null), at)).toBe(30);
    expect(secondsLeft({ kind: "idle" }, webset("running", ["completed"]), at)).toBeUndefined();
  });
});
