import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge } from "../../../src/cli/doctor/decisions.ts";
import {
  type Evidence,
  gather,
  isBusy,
  readFurther,
  readPage,
  type SeenPage,
  watchEvents,
} from "../../../src/cli/doctor/evidence.ts";
import { describeListing } from "../../../src/cli/doctor/listing.ts";
import { loadKnownWords } from "../../../src/cli/doctor/mask.ts";
import { createRecording, type RecordedAnswer, type Recording } from "../../../src/cli/doctor/recording.ts";
import { isRecord } from "../../../src/feed/event.ts";
import { listOrder } from "../../../src/feed/list-order.ts";
import { createFaults, parseFaults } from "../../../src/sandbox/faults.ts";
import { propertyRuns, propertyTimeout } from "../../support/property-runs.ts";
import { evidenceOf, liveOneWebset, openProbe } from "./exam.ts";
import { chanceOf, leaksOf, upstreamEntry } from "./leaks.ts";

const words = await loadKnownWords();
const RUNS = 200;

const recordingOf = (evidence: Evidence) => createRecording(evidence, { words, random: chanceOf(1) });

/** The page that an answer had, with its entries in it; undefined for an answer that was none. */
function replayed({ body }: RecordedAnswer, { entries }: Recording): unknown {
  if (!isRecord(body) || !Array.isArray(body.data)) return undefined;
  return { ...body, data: body.data.map((at: number) => entries[at]) };
}

/** The pages of a recording, in the order in which they came. */
function pagesOf(recording: Recording): SeenPage[] {
  return recording.answers.flatMap((answer) => {
    const json = replayed(answer, recording);
    if (json === undefined) return [];
    const { path, query, sentAt, ms, status } = answer;
    return [
      readPage({ path, query, sentAt, receivedAt: sentAt + ms, status, serverTime: undefined, headers: [], json }),
    ];
  });
}

const pagesSeen = (evidence: Evidence): SeenPage[] =>
  evidence.exchanges.filter(({ path, status }) => path === "events" && status === 200).map(readPage);

/** Which entries of all pages are the same, in order: 0 for the first one met, and so on. */
function samenessOf(pages: readonly SeenPage[]): number[][] {
  const met = new Map<string, number>();
  return pages.map(({ events }) =>
    events.map(({ id }) => {
      if (!met.has(id)) met.set(id, met.size);
      return met.get(id) ?? -1;
    }),
  );
}

/** What a replay has to show as it was: everything but the texts. */
function shapesOf(pages: readonly SeenPage[]) {
  const start = pages[0]?.events[0]?.time ?? 0;
  return pages.map(({ events, hasMore, nextCursor, malformed }) => ({
    order: listOrder(events),
    types: events.map(({ type }) => type),
    distances: events.map(({ time }) => time - start),
    owners: events.map(({ owner }) => owner.kind),
    fields: events.map(({ data }) => skeletonOf(data)),
    hasMore,
    isLast: nextCursor === null,
    malformed,
  }));
}

function skeletonOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(skeletonOf);
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, skeletonOf(one)]));
}

describe("a recording", () => {
  test.each([
    ["newest first", {}],
    ["oldest first", { listOrder: "oldest-first" as const }],
    ["with entries that come twice, and malformed ones", { faults: "duplicate-entry,malformed-event:3x" }],
    ["with events of one second that share a time", { faults: "same-timestamp" }],
  ])(
    "of a list %s plays as it was",
    async (_, { faults, ...options }: { faults?: string; listOrder?: "oldest-first" }) => {
      const given = faults === undefined ? {} : { faults: createFaults({ rules: parseFaults(faults), seed: 3 }) };
      const evidence = await evidenceOf(liveOneWebset, { ...options, ...given });
      const recording = JSON.parse(JSON.stringify(recordingOf(evidence))) as Recording;
      const [seen, played] = [pagesSeen(evidence), pagesOf(recording)];
      expect(seen.length).toBeGreaterThan(10);
      expect(shapesOf(played)).toEqual(shapesOf(seen));
      expect(samenessOf(played)).toEqual(samenessOf(seen));
      expect(recording.facts.order).toBe(listOrder(evidence.first.events));
    },
  );

  test("keeps that a cursor is the last id, and that ids are sorted by time or not", async () => {
    const evidence = await evidenceOf(liveOneWebset);
    const recording = recordingOf(evidence);
    const [small, behind] = pagesOf(recording).filter(({ query }) => query.limit === 3);
    const last = small?.events.at(-1)?.id ?? "";
    expect(last.endsWith(small?.nextCursor ?? "-")).toBe(true);
    expect(behind?.query.cursor).toBe(small?.nextCursor);
    expect(recording.facts).toMatchObject({
      cursor: "the id of the last event without its prefix",
      idsSortByTime: false,
    });
    expect(recording.facts.ids).toEqual(["event_ and 26 characters, other characters"]);
  });

  test("holds none of the texts of a whole account", async () => {
    const evidence = await evidenceOf(liveOneWebset);
    const told = JSON.stringify(recordingOf(evidence));
    const answers = evidence.exchanges.map(({ json }) => json);
    expect(leaksOf(answers, told, words)).toEqual([]);
    expect(told).not.toContain("kites");
    // The same look finds what is there.
    expect(leaksOf(answers, JSON.stringify(answers), words).length).toBeGreaterThan(50);
  });

  test("holds no text of answers that are none the API would give", { timeout: propertyTimeout(RUNS) }, () => {
    const entries = fc.array(upstreamEntry(words), { maxLength: 5 });
    const body = fc.oneof(
      fc.record({ data: entries, hasMore: fc.boolean(), nextCursor: fc.option(fc.string()) }),
      upstreamEntry(words),
    );
    const answer = fc.record({ json: body, status: fc.constantFrom(200, 200, 400, 404) });
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1, maxLength: 3 }), (answers) => {
        const base = {
          path: "events",
          query: {},
          sentAt: 0,
          receivedAt: 0,
          serverTime: Date.parse("2026-11-27T14:00:00Z"),
          headers: [],
        };
        const first = readPage({ ...base, status: 200, json: { data: [], hasMore: false, nextCursor: null } });
        const pages = answers.flatMap((one) => (isPage(one.json) ? [readPage({ ...base, ...one })] : []));
        const exchanges = answers.map((one) => ({ ...base, ...one }));
        const evidence: Evidence = { first: pages[0] ?? first, readings: pages, exchanges, timeAt: () => undefined };
        const told = JSON.stringify(recordingOf(evidence));
        expect(
          leaksOf(
            answers.map(({ json }) => json),
            told,
            words,
          ),
        ).toEqual([]);
        // What doctor says of it is as safe to show.
        const said = JSON.stringify([...describeListing(evidence), ...judge(evidence)]);
        const named = new Set(pages.flatMap(({ events }) => events.map(({ type }) => type.toLowerCase())));
        const leaks = leaksOf(
          answers.map(({ json }) => json),
          said,
          words,
        );
        expect(leaks.filter((leak) => ![...named].some((type) => type.includes(leak.toLowerCase())))).toEqual([]);
      }),
      propertyRuns(RUNS),
    );
  });

  test("shows how late events become visible, and what lies behind the first page", async () => {
    const faults = createFaults({ rules: parseFaults("late-events"), seed: 1 });
    const { clock, sandbox, probe } = openProbe({ faults });
    const { signal } = new AbortController();
    expect(await clock.until(isBusy(probe, signal))).toBe(false);
    sandbox.world.createWebset({ search: { query: "kites", count: 20 } });
    expect(await clock.until(isBusy(probe, signal))).toBe(true);
    const readings = await clock.until(watchEvents(probe, signal));
    const evidence = await clock.until(gather(probe, signal, readings));
    await clock.until(readFurther(evidence, probe, signal));
    const delays = recordingOf(evidence).facts.delays;
    expect(delays.length).toBeGreaterThan(10);
    for (const { least, most } of delays) {
      expect(least).toBeLessThanOrEqual(5_000);
      expect(most).toBeGreaterThanOrEqual(least);
    }
    expect(Math.max(...delays.map(({ least }) => least))).toBeGreaterThan(1_500);
    expect(judge(evidence)[0]).toMatchObject({ check: "0001", status: "confirmed" });
    await sandbox.close();
  });
});

function isPage(json: unknown): boolean {
  return typeof json === "object" && json !== null && "data" in json && Array.isArray(json.data);
}
