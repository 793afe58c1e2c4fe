import { describe, expect, test } from "vitest";
import { parseWebset, type Webset } from "../../src/exa/schemas.ts";
import { decide, forecastOf, goalOf, isIdle, isLaterThan } from "../../src/webset/decide.ts";

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

describe("how a wait for items ends", () => {
  const goal = (items: number, searchId?: string) => goalOf({ items }, searchId, webset("running"));

  /** A Webset whose searches, one a second, have these statuses and have found so many. */
  function finding(status: string, ...searches: [status: string, found: number | null][]): Webset {
    const known = webset(
      status,
      searches.map(([one]) => one),
    );
    for (const [n, search] of known.searches.entries()) {
      Object.assign(search, { progress: { ...search.progress, found: searches[n]?.[1] ?? null } });
    }
    return known;
  }

  test.each<[status: string, searches: [string, number | null][], outcome: string | undefined]>([
    ["running", [["running", 4]], undefined],
    ["running", [["running", 5]], "reached"],
    ["paused", [["running", 7]], "reached"],
    ["idle", [["canceled", 5]], "reached"],
    [
      "running",
      [
        ["completed", 3],
        ["running", 1],
      ],
      undefined,
    ],
    [
      "running",
      [
        ["completed", 3],
        ["running", 2],
      ],
      "reached",
    ],
    [
      "running",
      [
        ["completed", 3],
        ["created", null],
      ],
      undefined,
    ],
    ["paused", [["running", 4]], "paused"],
    ["running", [["completed", 4]], "stopped"],
    ["idle", [["completed", 4]], "stopped"],
    [
      "idle",
      [
        ["canceled", 1],
        ["completed", 3],
      ],
      "stopped",
    ],
    [
      "idle",
      [
        ["completed", 3],
        ["canceled", 1],
      ],
      "canceled",
    ],
    [
      "running",
      [
        ["canceled", 1],
        ["running", 3],
      ],
      undefined,
    ],
    ["running", [["strange", 4]], undefined],
    ["idle", [["strange", 4]], "stopped"],
    ["running", [["running", null]], undefined],
    ["running", [], undefined],
    ["idle", [], "stopped"],
  ])("5 of them, in a Webset that is %s with searches %j: %s", (status, searches, outcome) => {
    expect(decide(goal(5), finding(status, ...searches))).toBe(outcome);
  });

  test("counts one search alone where it is named, which may not be listed yet", () => {
    const state = finding("running", ["completed", 9], ["running", 2]);
    expect(decide(goal(5, "b"), state)).toBeUndefined();
    expect(decide(goal(2, "b"), state)).toBe("reached");
    expect(decide(goal(10, "a"), state)).toBe("stopped");
    expect(decide(goal(5, "c"), { ...state, status: "idle" })).toBeUndefined();
  });

  test("is a deletion where that is why a search was canceled", () => {
    const deleted = finding("idle", ["canceled", 3]);
    Object.assign(deleted.searches[0] ?? {}, { canceledReason: "webset_deleted" });
    expect(decide(goal(5), deleted)).toBe("deleted");
  });

  test("can be with the next item, so that no time is known before which nothing happens", () => {
    expect(forecastOf(goal(5))(finding("running", ["running", 1]), 1_000)).toBeUndefined();
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

describe("when a search of a wait can end", () => {
  const found = (...numbers: (number | null)[]) =>
    parseWebset({
      id: "ws",
      status: "running",
      searches: numbers.map((found, n) => ({
        id: String.fromCharCode(97 + n),
        status: "running",
        count: 10,
        progress: { found, analyzed: 20, completion: 30, timeLeft: null },
      })),
    });

  test("is some seconds after it last lacked items, for the first of them to end", () => {
    const forecast = forecastOf({ kind: "idle" });
    expect(forecast(found(3, 4), 1_000)).toBe(6_000);
    expect(forecast(found(10, 4), 2_000)).toBe(6_000);
    expect(forecast(found(10, 10), 9_000)).toBe(6_000);
    const other = forecastOf({ kind: "searches", searchIds: ["b"] });
    expect(other(found(10, 4), 2_000)).toBe(7_000);
  });

  test("is soon where it says that little time is left, and any time where nobody saw it lack items", () => {
    const state = found(3);
    const hurried = {
      ...state,
      searches: state.searches.map((one) => ({ ...one, progress: { ...one.progress, timeLeft: 2 } })),
    };
    expect(forecastOf({ kind: "idle" })(hurried, 1_000)).toBe(2_400);
    expect(forecastOf({ kind: "idle" })(found(10), 1_000)).toBe(-Infinity);
    expect(forecastOf({ kind: "idle" })(found(3, null), 1_000)).toBe(-Infinity);
    expect(forecastOf({ kind: "idle" })(webset("running", ["completed"]), 1_000)).toBeUndefined();
  });
});

describe("a search with a status nobody knows", () => {
  test("keeps no Webset from being idle if a later one has completed, and does if an earlier one has", () => {
    expect(decide({ kind: "idle" }, webset("idle", ["strange", "completed"]))).toBe("reached");
    expect(decide({ kind: "idle" }, webset("idle", ["completed", "strange"]))).toBe("stopped");
    expect(decide({ kind: "idle" }, webset("idle", ["strange", "canceled"]))).toBe("stopped");
    expect(isIdle(webset("idle", ["strange", "completed", "running"]))).toBe(false);
  });

  test("is not waited for where a later one had completed at the call", () => {
    const first = webset("running", ["strange", "completed", "running"]);
    expect(goalOf("search_completed", undefined, first)).toEqual({ kind: "searches", searchIds: ["c"] });
  });
});
