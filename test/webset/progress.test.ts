import { describe, expect, test } from "vitest";
import { parseSearch, parseWebset } from "../../src/exa/schemas.ts";
import { duration, newestSearch, progressOf, withSearch } from "../../src/webset/progress.ts";

const AT = "2026-11-01T12:00:00.000Z";
const RUN = "2026-11-01T12:00:01.000Z";
const LATER = "2026-11-01T12:00:05.000Z";

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
      imports: [{ id: "i", status: "completed", title: "My\nlist", count: 7 }],
      monitors: [
        {
          id: "m",
          status: "enabled",
          nextRunAt: "2026-11-02T00:00:00.000Z",
          lastRun: { id: "r", status: "failed", failedReason: "no\nsources", createdAt: RUN, failedAt: LATER },
        },
        { id: "n", status: "disabled", nextRunAt: null },
      ],
      dashboardUrl: "https://websets.exa.ai/ws",
      updatedAt: "2026-11-01T12:00:08.000Z",
    });
    expect(progressOf(webset, Date.parse("2026-11-01T12:00:42.400Z"))).toEqual({
      websetId: "ws",
      externalId: "mine",
      title: "Robots in Europe",
      status: "running",
      dashboardUrl: "https://websets.exa.ai/ws",
      found: 23,
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
          startedAt: "2026-11-01T12:00:00.000Z",
          seconds: 42,
        },
      ],
      enrichments: [
        { enrichmentId: "e1", title: "Contact email", status: "pending" },
        { enrichmentId: "e2", title: "Founded", status: "completed" },
      ],
      imports: [{ importId: "i", title: "My list", status: "completed", count: 7 }],
      monitors: [
        {
          monitorId: "m",
          status: "enabled",
          nextRunAt: "2026-11-02T00:00:00.000Z",
          lastRun: { runId: "r", status: "failed", startedAt: RUN, endedAt: LATER, failedReason: "no sources" },
        },
        { monitorId: "n", status: "disabled" },
      ],
      updatedAt: "2026-11-01T12:00:10.000Z",
      summary:
        "running; search running: 23 of 50 found, 46 %, about 40 s left; 1 of 2 enrichments pending; 2 monitors, last run 2026-11-01T12:00:01.000Z failed (no sources), next run 2026-11-02T00:00:00.000Z",
    });
  });

  test("of a Webset of which little is told leaves out what it does not know", () => {
    expect(progressOf(parseWebset({ id: "ws", status: "pending" }))).toEqual({
      websetId: "ws",
      status: "pending",
      found: 0,
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
    expect(progressOf(ended).summary).toBe("idle; search completed after 10 s: 23 of 50 found");
  });
});

describe("the parts of a Webset", () => {
  const told = (more: object, now?: number) => progressOf(parseWebset({ id: "ws", status: "running", ...more }), now);
  const at = (seconds: number) => new Date(Date.parse(AT) + seconds * 1_000).toISOString();
  const found = (count: number | null) => ({ progress: { found: count } });

  test("have found what all searches have, however many there are and whichever is told of", () => {
    const two = [
      search("a", { status: "completed", count: 10, ...found(10) }),
      search("b", { status: "completed", count: 3, ...found(3), createdAt: LATER }),
    ];
    expect(told({ searches: two })).toMatchObject({
      found: 13,
      summary: expect.stringMatching(/; 13 found by 2 searches; search 2 of 2 completed after 5 s: 3 of 3 found$/),
    });
    const many = Array.from({ length: 8 }, (_, n) => search(`s${n}`, { ...found(n), createdAt: at(n) }));
    expect(told({ searches: many })).toMatchObject({ found: 28, earlierSearches: { count: 3, found: 3 } });
    expect(told({ searches: [search("a", found(null)), search("b", found(2))] }).found).toBe(2);
    expect(told({ searches: [search("a", found(null))] })).toMatchObject({ found: null });
  });

  test("have times from which one can tell how long each search took, or has taken", () => {
    const searches = [
      search("done", { status: "completed", updatedAt: at(95) }),
      search("stopped", { status: "canceled", canceledAt: at(12), updatedAt: at(60) }),
      search("running", { createdAt: at(100) }),
      search("unborn", { createdAt: null, status: "completed" }),
    ];
    const times = (now?: number) => told({ searches }, now).searches.map(({ seconds, endedAt }) => [seconds, endedAt]);
    const ended = [
      [95, at(95)],
      [12, at(12)],
    ];
    const unborn = [null, at(10)];
    expect(times(Date.parse(at(130)))).toEqual([...ended, [30, undefined], unborn]);
    // What nobody changes looks the same each time, for those who watch it.
    expect(times()).toEqual([...ended, [null, undefined], unborn]);
    expect(times(Date.parse(at(99)))[2]).toEqual([0, undefined]);
  });

  test("say by the latest of their updates when something moved", () => {
    const parts: [string, object][] = [
      ["searches", { status: "running" }],
      ["enrichments", { status: "pending" }],
      ["imports", { status: "processing" }],
      ["monitors", { status: "enabled" }],
    ];
    for (const [name, part] of parts) {
      const older = { ...part, id: "x", updatedAt: at(1) };
      const newer = { ...part, id: "y", updatedAt: at(9) };
      expect(told({ updatedAt: at(5), [name]: [older] }).updatedAt, name).toBe(at(5));
      expect(told({ updatedAt: at(5), [name]: [newer, older] }).updatedAt, name).toBe(at(9));
      expect(told({ [name]: [older] }).updatedAt, name).toBe(at(1));
    }
    const lastRun = { id: "r", status: "running", updatedAt: at(9) };
    expect(told({ updatedAt: at(5), monitors: [{ id: "m", status: "enabled", lastRun }] }).updatedAt).toBe(at(9));
  });

  test("say which imports failed and why", () => {
    const imports = [
      { id: "i", status: "failed", failedReason: "invalid_format", failedMessage: "Row 3\nhas no url", count: 0 },
      { id: "j", status: "processing", count: 5 },
      { id: "k", status: "completed", count: 5 },
    ];
    const { summary, imports: shown } = told({ imports });
    expect(summary).toBe("running; 1 of 3 imports processing; 1 of 3 imports failed (invalid_format)");
    expect(shown[0]).toEqual({
      importId: "i",
      status: "failed",
      count: 0,
      failedReason: "invalid_format",
      failedMessage: "Row 3 has no url",
    });
  });

  test("say what came of a monitor's last run: the search that began in it, where there was but one", () => {
    const lastRun = { id: "r", status: "completed", createdAt: at(100), completedAt: at(140) };
    const monitors = [{ id: "m", status: "enabled", nextRunAt: at(900), lastRun }];
    const within = (...seconds: number[]) =>
      told({
        monitors,
        searches: seconds.map((second) => search(`s${second}`, { createdAt: at(second), ...found(7) })),
      });
    const run = { runId: "r", status: "completed", startedAt: at(100), endedAt: at(140) };
    expect(within(0, 101, 141)).toMatchObject({ monitors: [{ lastRun: { ...run, searchId: "s101", found: 7 } }] });
    expect(within(0, 101).summary).toMatch(
      `monitor enabled, last run ${at(100)} completed, 7 found, next run ${at(900)}`,
    );
    for (const none of [within(0, 141), within(0, 101, 139)]) expect(none.monitors[0]?.lastRun).toEqual(run);
    for (const status of ["created", "running"]) {
      const begun = { id: "m", status: "enabled", lastRun: { id: "r", status, createdAt: at(100) } };
      expect(told({ monitors: [begun] }).summary).toMatch(`last run ${at(100)} in progress`);
    }
    expect(told({ monitors: [{ id: "m", status: "disabled", lastRun: null }] })).toMatchObject({
      monitors: [{ monitorId: "m", status: "disabled" }],
      summary: "running; monitor disabled",
    });
  });

  test("name the account's queue only where something waits in it, and nothing shows of this Webset's searches", () => {
    const queue = { active: 5, maxConcurrent: 5, queued: 3 };
    const none = { found: 0, analyzed: 0 };
    const now = Date.parse(at(15));
    const of = (more: object, told: object = queue, time = now) =>
      progressOf(parseWebset({ id: "ws", status: "running", createdAt: AT, ...more }), time, told as typeof queue)
        .queue;
    const still = search("a", { progress: none });
    for (const status of ["created", "pending", "running"])
      expect(of({ searches: [{ ...still, status }] })).toBe(queue);
    expect(of({ searches: [{ ...still, status: "created", progress: null }] })).toBe(queue);
    expect(of({ status: "pending" })).toBe(queue);
    expect(of({ searches: [still] }, { ...queue, queued: 0 })).toBeUndefined();
    expect(of({ searches: [still] }, { ...queue, queued: null })).toBeUndefined();
    expect(of({ searches: [still] }, queue, now - 1)).toBeUndefined();
    expect(of({ searches: [still, search("b")] })).toBeUndefined();
    expect(of({ searches: [{ ...still, progress: { found: 0, analyzed: 1 } }] })).toBeUndefined();
    expect(of({ searches: [{ ...still, status: "completed" }] })).toBeUndefined();
    for (const status of ["idle", "paused"]) expect(of({ status, searches: [still] })).toBeUndefined();
  });

  test("have an address only where it is one", () => {
    for (const dashboardUrl of ["javascript:alert(1)", "https://a b", `https://${"x".repeat(400)}`, "", 5, null]) {
      expect(told({ dashboardUrl })).not.toHaveProperty("dashboardUrl");
    }
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
      expect(told.summary).toBe(`search canceled${reason} after 10 s: 12 of 50 found`);
      expect(told.search).toMatchObject({ status: "canceled", found: 12, completion: null, secondsLeft: null });
      expect(told.search?.canceledReason).toBe(canceledReason ?? undefined);
      expect(JSON.stringify(told)).not.toContain("100");
    }
  });

  test("says that it is finishing where all is found and it goes on", () => {
    expect(summaryOf({ progress: done }).summary).toBe("search running: 50 of 50 found, finishing");
    expect(summaryOf({ progress: { ...done, found: 51 } }).summary).toBe("search running: 51 of 50 found, finishing");
    expect(summaryOf({ progress: { ...done, found: 49 } }).summary).not.toContain("finishing");
    expect(summaryOf({ progress: done, status: "completed" }).summary).toBe(
      "search completed after 10 s: 50 of 50 found",
    );
    expect(summaryOf({ progress: done, status: "failed" }).summary).not.toContain("finishing");
    expect(summaryOf({ progress: done, count: null }).summary).not.toContain("finishing");
  });

  test("tells no time left of a search that has stopped in a way nobody knows", () => {
    const progress = { found: 3, analyzed: 9, completion: 30, timeLeft: 60 };
    expect(summaryOf({ progress, status: "running" }).search?.secondsLeft).toBe(60);
    const stopped = summaryOf({ progress, status: "failed" }, "idle");
    expect(stopped.search?.secondsLeft).toBeNull();
    expect(stopped.summary).not.toContain("left");
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

test.each([
  ["running", 40, 40],
  ["running", 1e300, null],
  ["completed", 40, 0],
  ["completed", null, null],
  ["canceled", 40, null],
  ["failed", 40, null],
])("a %s search that says %s has %s seconds left", (status, timeLeft, secondsLeft) => {
  const given = search("s", { status, progress: { found: 23, analyzed: 260, completion: 46, timeLeft } });
  const [told] = progressOf(parseWebset({ id: "ws", status: "running", searches: [given] })).searches;
  expect(told?.secondsLeft).toBe(secondsLeft);
});
