import { describe, expect, test } from "vitest";
import { parseSearch, parseWebset } from "../../src/exa/schemas.ts";
import { duration, newestSearch, progressOf, withSearch } from "../../src/webset/progress.ts";

const search = (id: string, more: object = {}) => ({
  id,
  status: "running",
  query: "q",
  count: 50,
  progress: { found: 23, analyzed: 260, completion: 46.04, timeLeft: 40 },
  createdAt: "2026-11-01T12:00:00.000Z",
  updatedAt: "2026-11-01T12:00:10.000Z",
  ...more,
});

describe("progress", () => {
  test("is what an agent needs of a Webset", () => {
    const webset = parseWebset({
      id: "ws",
      object: "webset",
      status: "running",
      externalId: "mine",
      title: "Robots\nin Europe",
      searches: [search("s", { query: `long ${"x".repeat(200)}` })],
      enrichments: [
        { id: "e1", status: "pending", title: null, description: "Contact email" },
        { id: "e2", status: "completed", title: "Founded", description: "Year founded" },
      ],
      imports: [{ id: "i", status: "completed" }],
      monitors: [
        { id: "m", status: "enabled", nextRunAt: "2026-11-02T00:00:00.000Z" },
        { id: "n", status: "disabled", nextRunAt: null },
      ],
      updatedAt: "2026-11-01T12:00:10.000Z",
    });
    expect(progressOf(webset)).toEqual({
      websetId: "ws",
      externalId: "mine",
      title: "Robots in Europe",
      status: "running",
      searches: [
        {
          searchId: "s",
          query: `long ${"x".repeat(54)}…`,
          status: "running",
          found: 23,
          target: 50,
          analyzed: 260,
          completion: 46,
          secondsLeft: 40,
        },
      ],
      enrichments: [
        { enrichmentId: "e1", title: "Contact email", status: "pending" },
        { enrichmentId: "e2", title: "Founded", status: "completed" },
      ],
      imports: [{ importId: "i", status: "completed" }],
      monitors: [
        { monitorId: "m", status: "enabled", nextRunAt: "2026-11-02T00:00:00.000Z" },
        { monitorId: "n", status: "disabled" },
      ],
      updatedAt: "2026-11-01T12:00:10.000Z",
      summary: "running; search running: 23 of 50 found, 46 %, about 40 s left; 1 of 2 enrichments pending",
    });
  });

  test("of a Webset of which little is told leaves out what it does not know", () => {
    expect(progressOf(parseWebset({ id: "ws", status: "pending" }))).toEqual({
      websetId: "ws",
      status: "pending",
      searches: [],
      enrichments: [],
      imports: [],
      monitors: [],
      updatedAt: null,
      summary: "pending",
    });
  });

  test.each([
    [["completed", "running", "created"], "search 2 of 3 running"],
    [["completed", "completed", "canceled"], "search 3 of 3 canceled"],
    [["completed"], "search completed"],
    [["created", "running"], "search 1 of 2 created"],
  ])("of searches %j is summed up by the one that matters", (statuses, line) => {
    const searches = statuses.map((status, n) => search(`s${n}`, { status, createdAt: `2026-11-01T12:00:0${n}.000Z` }));
    expect(progressOf(parseWebset({ id: "ws", status: "running", searches })).summary).toContain(line);
  });

  test("says how long is left in words that fit the length, and nothing of it once a search has ended", () => {
    expect([0, 1.4, 89, 90, 600, 5_399, 5_400, 86_400].map(duration)).toEqual([
      "0 s",
      "1 s",
      "89 s",
      "2 min",
      "10 min",
      "90 min",
      "2 h",
      "24 h",
    ]);
    const ended = parseWebset({ id: "ws", status: "idle", searches: [search("s", { status: "completed" })] });
    expect(progressOf(ended).summary).toBe("idle; search completed: 23 of 50 found, 46 %");
  });
});

describe("the progress of a search", () => {
  const summaryOf = (more: object, status = "running") => {
    const progress = progressOf(parseWebset({ id: "ws", status, searches: [search("s", more)] }));
    return { summary: progress.summary.replace(/^\w+; /, ""), search: progress.searches[0] };
  };
  const done = { found: 50, analyzed: 400, completion: 100, timeLeft: 0 };

  test("that was canceled tells why, and not that it is complete, as the API does", () => {
    for (const canceledReason of ["out_of_credits", "webset_canceled", "webset_deleted", "something_new", null]) {
      const progress = { found: 12, analyzed: 80, completion: 100, timeLeft: 0 };
      const told = summaryOf({ status: "canceled", canceledReason, progress }, "idle");
      const reason = canceledReason === null ? "" : ` (${canceledReason})`;
      expect(told.summary).toBe(`search canceled${reason}: 12 of 50 found`);
      expect(told.search).toMatchObject({ status: "canceled", found: 12, completion: null, secondsLeft: null });
      expect(told.search?.canceledReason).toBe(canceledReason ?? undefined);
      expect(JSON.stringify(told)).not.toContain("100");
    }
  });

  test("says that it is finishing where all is found and it goes on", () => {
    expect(summaryOf({ progress: done }).summary).toBe("search running: 50 of 50 found, finishing");
    expect(summaryOf({ progress: { ...done, found: 51 } }).summary).toBe("search running: 51 of 50 found, finishing");
    expect(summaryOf({ progress: { ...done, found: 49 } }).summary).not.toContain("finishing");
    expect(summaryOf({ progress: done, status: "completed" }).summary).toBe("search completed: 50 of 50 found, 100 %");
    expect(summaryOf({ progress: done, status: "failed" }).summary).not.toContain("finishing");
    expect(summaryOf({ progress: done, count: null }).summary).not.toContain("finishing");
  });

  test("leaves out what the API does not tell, or tells as it cannot be", () => {
    const unknown = { found: null, analyzed: null, completion: null, secondsLeft: null };
    for (const progress of [undefined, null, {}, { found: -1, analyzed: "all", completion: 250, timeLeft: -5 }]) {
      const told = summaryOf({ progress });
      expect(told.summary).toBe("search running");
      expect(told.search).toMatchObject(unknown);
    }
    expect(summaryOf({ progress: { found: "12", completion: "24", timeLeft: "40" } }).summary).toBe(
      "search running: 12 of 50 found, 24 %, about 40 s left",
    );
    expect(summaryOf({ progress: { found: 12, completion: 99.7 } }).summary).toBe(
      "search running: 12 of 50 found, 99 %",
    );
  });

  test("is told with what canceled other searches", () => {
    const canceled = (id: string, canceledReason: string | null) =>
      search(id, { status: "canceled", canceledReason, createdAt: "2026-10-01T00:00:00.000Z" });
    const summary = (...others: object[]) =>
      progressOf(parseWebset({ id: "ws", status: "running", searches: [...others, search("s")] })).summary;
    expect(summary(canceled("a", "out_of_credits"))).toMatch(/ left; 1 other search canceled \(out_of_credits\)$/);
    expect(summary(canceled("a", "out_of_credits"), canceled("b", "new"), canceled("c", "new"))).toMatch(
      /; 3 other searches canceled \(out_of_credits, new\)$/,
    );
    expect(summary(canceled("a", null))).toMatch(/ left$/);
  });

  test("has statuses and reasons as short plain words", () => {
    const told = summaryOf({ status: "can\u202eceled\n", canceledReason: `x\u0000${"y".repeat(100)}` }).search;
    expect(told?.status).toBe("canceled");
    expect(told?.canceledReason).toMatch(/^x y{1,57}…$/);
    expect(summaryOf({ status: "\u0000" }).search?.status).toBe("unknown");
  });
});

describe("the newest search", () => {
  test("is the one created last, or the last one listed where no times are told", () => {
    const { searches } = parseWebset({
      id: "ws",
      status: "idle",
      searches: [search("a"), search("b", { createdAt: "2026-11-01T12:00:09.000Z" }), search("c")],
    });
    expect(newestSearch(searches)?.id).toBe("b");
    const { searches: timeless } = parseWebset({
      id: "ws",
      status: "idle",
      searches: [search("a", { createdAt: null }), search("b", { createdAt: null })],
    });
    expect(newestSearch(timeless)?.id).toBe("b");
    expect(newestSearch([])).toBeUndefined();
  });
});

describe("what a search event told", () => {
  const webset = parseWebset({ id: "ws", status: "running", searches: [search("a"), search("b")] });
  const told = (more: object) => withSearch(webset, parseSearch(search("a", more))).searches[0];

  test("stands in the Webset if it is later, and not if it is older", () => {
    const progress = { found: 30, analyzed: 400, completion: 60, timeLeft: 20 };
    expect(told({ progress, updatedAt: "2026-11-01T12:00:11.000Z" })?.progress.found).toBe(30);
    expect(told({ progress, updatedAt: "2026-11-01T12:00:09.000Z" })?.progress.found).toBe(23);
  });

  test("stands in any case if it is the end, which nothing takes back", () => {
    const ended = withSearch(webset, parseSearch(search("a", { status: "completed", updatedAt: null })));
    expect(ended.searches[0]?.status).toBe("completed");
    const later = withSearch(ended, parseSearch(search("a", { updatedAt: "2026-11-01T12:01:00.000Z" })));
    expect(later.searches[0]?.status).toBe("completed");
    const canceled = withSearch(ended, parseSearch(search("a", { status: "canceled" })));
    expect(canceled.searches[0]?.status).toBe("completed");
  });

  test("is added where the Webset did not list the search, and changes nothing else", () => {
    const more = withSearch(webset, parseSearch(search("c")));
    expect(more.searches.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(webset.searches).toHaveLength(2);
  });
});
