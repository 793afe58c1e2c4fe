import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DECISIONS, judge } from "../../../src/cli/doctor/decisions.ts";
import { type Evidence, GATHER_MS, gather, readPage, type SeenPage } from "../../../src/cli/doctor/evidence.ts";
import type { Exchange } from "../../../src/cli/doctor/probe.ts";
import { createFaults, parseFaults } from "../../../src/sandbox/faults.ts";
import { WebsetsError } from "../../../src/shared/errors.ts";
import { evidenceOf, liveOneWebset, openProbe } from "./exam.ts";

const folder = join(import.meta.dirname, "..", "..", "..", "docs", "decisions");
const pages = readdirSync(folder).sort();

test("every page of docs/decisions is known, and says how doctor checks it or that it cannot", () => {
  expect(DECISIONS.map(({ number }) => number)).toEqual(pages.map((page) => page.slice(0, 4)));
  for (const [index, page] of pages.entries()) {
    const text = readFileSync(join(folder, page), "utf8");
    const [, said = ""] = /\*\*How `doctor` checks it\.\*\* (\S+ ?\S*)/.exec(text) ?? [];
    expect(said, page).not.toBe("");
    expect(said.startsWith("It cannot"), page).toBe("uncheckable" in (DECISIONS[index] ?? {}));
  }
});

const verdictsOf = (evidence: Evidence) =>
  Object.fromEntries(judge(evidence).map(({ check, status, summary }) => [check, { status, summary }]));

describe("a whole life in the sandbox", () => {
  test("confirms what a sandbox does as the API is thought to do", async () => {
    const verdicts = verdictsOf(await evidenceOf(liveOneWebset));
    const confirmed = Object.keys(verdicts).filter((number) => verdicts[number]?.status === "confirmed");
    expect(confirmed).toEqual(expect.arrayContaining(["0002", "0003", "0005", "0007", "0009", "0011", "0013", "0014"]));
    expect(Object.values(verdicts).filter(({ status }) => status === "contradicted")).toEqual([]);
    expect(verdicts["0002"]?.summary).toContain("newest first");
    expect(verdicts["0003"]?.summary).toContain("createdAfter inclusive, createdBefore inclusive");
    expect(verdicts["0008"]?.status).toBe("uncheckable");
    expect(verdicts["0010"]?.status).toBe("uncheckable");
    expect(verdicts["0006"]?.status).toBe("unseen");
  });

  test("says of an account without events that there is nothing to see, and confirms nothing of events", async () => {
    const verdicts = verdictsOf(await evidenceOf(() => {}));
    for (const number of ["0001", "0002", "0003", "0006", "0009", "0011", "0012", "0014", "0015", "0016", "0017"]) {
      expect(verdicts[number]?.status, number).toBe("unseen");
    }
  });

  test("notes an order that is the other one, types that nobody knows, and limits", async () => {
    const faults = createFaults({ rules: parseFaults("unknown-type:once,rate-limited:at-9"), seed: 1 });
    const verdicts = verdictsOf(await evidenceOf(liveOneWebset, { listOrder: "oldest-first", faults }));
    expect(verdicts["0002"]?.summary).toContain("oldest first");
    expect(verdicts["0016"]).toMatchObject({
      status: "confirmed",
      summary: expect.stringContaining("webset.item.reviewed"),
    });
    expect(verdicts["0013"]).toMatchObject({ status: "contradicted", summary: expect.stringContaining("429") });
  });

  test("finds a Webset that is idle with a search that has not ended", async () => {
    const faults = createFaults({ rules: parseFaults("unknown-status:once"), seed: 1 });
    const begin: typeof liveOneWebset = async ({ world }, clock) => {
      world.createWebset({ search: { query: "kites", count: 50 } });
      await clock.advance(5_000);
    };
    const verdicts = verdictsOf(await evidenceOf(begin, { faults }));
    expect(verdicts["0009"]?.status).toBe("contradicted");
  });
});

const BEGAN = Date.parse("2026-11-27T14:00:00.000Z");
const iso = (ms: number) => new Date(BEGAN + ms).toISOString();

function pageOf(
  entries: object[],
  more: Partial<Exchange> & { hasMore?: boolean; nextCursor?: string | null } = {},
): SeenPage {
  const { hasMore = false, nextCursor = null, ...exchange } = more;
  const base = {
    path: "events",
    query: { limit: 200 },
    sentAt: 0,
    receivedAt: 0,
    status: 200,
    serverTime: BEGAN,
    headers: [],
  };
  return readPage({ ...base, ...exchange, json: { data: entries, hasMore, nextCursor } });
}

const event = (id: string, ms: number, more: object = {}) => ({
  id,
  type: "webset.item.created",
  createdAt: iso(ms),
  data: { id: `item-${id}`, websetId: "ws" },
  ...more,
});

/** What an API would show that answers at once and whose clock is ours. */
function seen(more: Partial<Evidence>): Evidence {
  const timeAt = (moment: number) => ({ earliest: BEGAN + moment, latest: BEGAN + moment });
  return { first: pageOf([]), readings: [], exchanges: [], timeAt, ...more };
}

const verdict = (number: string, evidence: Partial<Evidence>) => verdictsOf(seen(evidence))[number];

test("where answers take long, what was seen in a minute is judged", async () => {
  const { clock, sandbox, probe } = openProbe({ latencyMs: 4_500 });
  await liveOneWebset(sandbox, clock);
  const startedAt = clock.now();
  const evidence = await clock.until(gather(probe, new AbortController().signal));
  expect(clock.now() - startedAt).toBeLessThan(GATHER_MS + 10_000);
  expect(evidence.first.events.length).toBeGreaterThan(0);
  expect(evidence.small).toBeDefined();
  expect(evidence.websets).toBeUndefined();
  expect([...judge(evidence)]).toHaveLength(DECISIONS.length);
});

describe("0001", () => {
  const reading = (at: number, entries: object[]) =>
    pageOf(entries, { sentAt: at, receivedAt: at + 100, query: { limit: 200, createdAfter: iso(at - 20_000) } });

  test("is confirmed by an event that came in time", () => {
    const readings = [reading(0, []), reading(1_000, [event("a", 500)])];
    expect(verdict("0001", { readings })).toEqual({
      status: "confirmed",
      summary: "an event is visible within 5 s: 1 came within 0.6 s",
    });
  });

  test("is contradicted by one that was not visible for longer", () => {
    const readings = [reading(0, []), reading(9_000, []), reading(10_000, [event("a", 500)])];
    expect(verdict("0001", { readings })).toMatchObject({
      status: "contradicted",
      summary: expect.stringContaining("8.5 s"),
    });
  });

  test("is left open by one that may have come in time or not", () => {
    const readings = [reading(0, []), reading(10_000, [event("a", 500)])];
    expect(verdict("0001", { readings })?.status).toBe("unseen");
  });

  test("goes by no event that the reading before did not ask for", () => {
    const readings = [reading(30_000, []), reading(31_000, [event("a", 9_000)])];
    expect(verdict("0001", { readings })?.status).toBe("unseen");
  });
});

describe("0003", () => {
  const e = event("e", 0);
  const range = { createdAfter: iso(0), createdBefore: iso(0) };
  const around = pageOf([e], { query: { createdAfter: iso(-1_000), createdBefore: iso(1_000) } });
  const one = pageOf([e]).events[0];

  test.each<[string, Partial<Evidence>, string, string]>([
    [
      "both ends inclusive",
      { exact: pageOf([e], { query: range }) },
      "confirmed",
      "createdAfter inclusive, createdBefore inclusive",
    ],
    [
      "one end exclusive",
      { exact: pageOf([], { query: range }), from: pageOf([e], { query: range }), until: pageOf([], { query: range }) },
      "confirmed",
      "createdAfter inclusive, createdBefore exclusive",
    ],
    [
      "a range that is ignored",
      { exact: pageOf([e, event("far", 60_000)], { query: range }) },
      "confirmed",
      "but pages hold events of other times",
    ],
  ])("tells %s", (_, evidence, status, words) => {
    const found = verdict("0003", { ...(one && { event: one }), around, ...evidence });
    expect(found).toMatchObject({ status, summary: expect.stringContaining(words) });
  });

  test("is contradicted where an event in the middle of a range is missing", () => {
    const empty = pageOf([], { query: { createdAfter: iso(-1_000), createdBefore: iso(1_000) } });
    expect(verdict("0003", { ...(one && { event: one }), around: empty })?.status).toBe("contradicted");
  });
});

describe("0004", () => {
  test("is contradicted without a Date, and by an event ahead of it", () => {
    expect(verdict("0004", { timeAt: () => undefined })?.status).toBe("contradicted");
    expect(verdict("0004", { first: pageOf([event("a", 5_000)]) })?.status).toBe("contradicted");
    expect(verdict("0004", { first: pageOf([event("a", -5_000)]) })?.status).toBe("unseen");
    expect(verdict("0004", { readings: [pageOf([event("a", -500)])] })?.status).toBe("confirmed");
  });
});

describe("0005", () => {
  test.each<[string, boolean, string | null, string]>([
    ["hasMore: false", false, null, "confirmed"],
    ["hasMore with a null cursor", true, null, "confirmed"],
    ["hasMore: false with a cursor", false, "x", "confirmed"],
  ])("tells an end as %s", (words, hasMore, nextCursor, status) => {
    const around = pageOf([event("a", 0)], { hasMore, nextCursor });
    expect(verdict("0005", { around })).toMatchObject({ status, summary: expect.stringContaining(words) });
  });

  test("takes a short page with a cursor for no end", () => {
    expect(verdict("0005", { around: pageOf([event("a", 0)], { hasMore: true, nextCursor: "x" }) })?.status).toBe(
      "unseen",
    );
  });
});

test("0006 is confirmed by what is nearly 60 days old, and contradicted by what is older", () => {
  const day = 86_400_000;
  const expired = (entries: object[]) => pageOf(entries, { query: { limit: 1, createdBefore: iso(-61 * day) } });
  const query = { limit: 1, createdAfter: iso(-61 * day), createdBefore: iso(-50 * day) };
  const expiring = (entries: object[]) => pageOf(entries, { query });
  expect(verdict("0006", { expired: expired([]), expiring: expiring([]) })?.status).toBe("unseen");
  expect(verdict("0006", { expired: expired([]), expiring: expiring([event("a", -55 * day)]) })?.status).toBe(
    "confirmed",
  );
  expect(verdict("0006", { expired: expired([event("a", -70 * day)]), expiring: expiring([]) })?.status).toBe(
    "contradicted",
  );
  // A range that is ignored shows nothing.
  expect(verdict("0006", { expired: expired([event("a", 0)]), expiring: expiring([event("a", 0)]) })?.status).toBe(
    "unseen",
  );
});

test("0007 goes by the words of a refusal, in either shape", () => {
  const refusal = (json: unknown): Exchange => ({ ...pageOf([]), status: 400, json });
  const of = (...exchanges: Exchange[]) => verdict("0007", { exchanges })?.status;
  expect(of(refusal({ error: "x-api-key header is invalid" }))).toBe("confirmed");
  expect(of(refusal({ statusCode: 404, message: "Event not found" }))).toBe("confirmed");
  expect(of(refusal({ detail: "no" }))).toBe("contradicted");
  expect(of(refusal(undefined))).toBe("contradicted");
});

test("0011 names the types whose owner is not where it is looked for", () => {
  const first = pageOf([event("a", 0), event("b", 1, { type: "monitor.run.created", data: { id: "r" } })]);
  expect(verdict("0011", { first })).toMatchObject({
    status: "contradicted",
    summary: expect.stringContaining("1 of 2 events do not (monitor.run.created)"),
  });
});

test("0012 compares estimates with the end that came", () => {
  const search = (id: string, ms: number, type: string, timeLeft: number | null) =>
    event(id, ms, { type: `webset.search.${type}`, data: { id: "s", websetId: "ws", progress: { timeLeft } } });
  const of = (timeLeft: number) => {
    const first = pageOf([search("a", 0, "updated", timeLeft), search("b", 60_000, "completed", 0)]);
    return verdict("0012", { first });
  };
  expect(of(30)).toMatchObject({ status: "confirmed", summary: expect.stringContaining("a factor of 2.0") });
  expect(of(600)?.summary).toContain("a factor of 10.0");
  expect(of(50)?.status).toBe("unseen");
  expect(of(0)?.status).toBe("unseen");
});

test("0015 and 0016 tell what is there from what is refused and what is not seen", () => {
  const one = event("a", 0, { type: "webset.export.completed" });
  expect(verdict("0015", { exports: pageOf([one]) })?.status).toBe("confirmed");
  expect(verdict("0015", { exports: pageOf([event("a", 0)]) })?.status).toBe("unseen");
  const refused = new WebsetsError("invalid_request", { what: "no such type", status: 400 });
  expect(verdict("0015", { exports: refused })?.status).toBe("contradicted");
  // A type is the API's word only where it looks like one.
  const first = pageOf([event("a", 0, { type: "Ada's type" }), event("b", 1, { type: "webset.shared" })]);
  const told = verdict("0016", { first });
  expect(told?.summary).toContain("2 types that");
  expect(told?.summary).toContain("webset.shared");
  expect(told?.summary).not.toContain("Ada");
});

test("0017 is confirmed by an item of another second, one told twice, and one enriched and unfinished", () => {
  const item = (data: object, type = "webset.item.created") =>
    event("a", 0, { type, data: { id: "i", websetId: "ws", ...data } });
  const of = (...entries: object[]) => verdict("0017", { first: pageOf(entries) })?.status;
  expect(of(item({ updatedAt: iso(0) }))).toBe("unseen");
  expect(of(item({ updatedAt: iso(5_000) }))).toBe("confirmed");
  expect(of(item({}), { ...item({}), id: "b" })).toBe("confirmed");
  expect(of(item({ enrichments: [{ status: "pending" }] }, "webset.item.enriched"))).toBe("confirmed");
});
