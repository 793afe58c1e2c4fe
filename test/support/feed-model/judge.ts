import { matches } from "../../../src/feed/filter.ts";
import { byTime, fingerprint } from "../../../src/feed/position.ts";
import type { ReaderRecord } from "./chain.ts";
import { FILTERS, type ScenarioEvent, type Upstream } from "./scenario.ts";

/** How far a wait may return after its time, and a reader that begins now before it. */
export interface Tolerance {
  overtimeMs: number;
  earlyMs: number;
}

/** The grain of the `Date` header is a second, and an answer that told the time may have been on its way for a while. */
const STRICT: Tolerance = { overtimeMs: 1_000, earlyMs: 14_000 };

/** What is wrong with what a reader was handed of these events, in words; nothing where all is as promised. */
export function faultsIn(
  record: ReaderRecord,
  upstream: Upstream,
  events: readonly ScenarioEvent[],
  start: number,
  { overtimeMs, earlyMs }: Tolerance = STRICT,
): string[] {
  const { reader, begin, listed, results, overtime } = record;
  const filter = FILTERS[reader.filter] ?? {};
  const matching = events.filter(
    ({ type, websetId }) =>
      matches(filter, { type, data: undefined }) && (reader.websetId === undefined || websetId === reader.websetId),
  );
  // Paging through a listing to its end and waiting from there meets everything there ever is.
  const expected =
    reader.begin.kind === "listing"
      ? matching
      : matching.filter(({ id, at }) => start + at >= begin.since && !begin.seen.has(fingerprint(id)));
  const given = [...listed, ...results.flatMap(({ events }) => events)].map(({ id }) => id);
  const faults: string[] = [];

  for (const id of new Set(given)) {
    const times = given.filter((one) => one === id).length;
    if (times > 1) faults.push(`${id} was given ${times} times`);
    if (!matching.some((event) => event.id === id)) faults.push(`${id} does not match`);
    else if (!expected.some((event) => event.id === id)) faults.push(`${id} lies before where the reader began`);
  }
  for (const { id } of expected) if (!given.includes(id)) faults.push(`${id} is missing`);
  const handedOut = new Set(listed.map(({ id }) => id));
  for (const { events, limit, quietSince = Number.NEGATIVE_INFINITY } of results) {
    for (const { id } of events) handedOut.add(id);
    for (const { id, visibleAt } of expected) {
      if (start + visibleAt < quietSince && !handedOut.has(id)) faults.push(`${id} was visible before a quiet result`);
    }
    if (events.length > limit) faults.push(`${events.length} events where ${limit} were asked for`);
    if ([...events].sort(byTime).some((event, index) => event !== events[index]))
      faults.push("a result is out of order");
  }
  if (overtime > overtimeMs) faults.push(`a wait returned ${overtime} ms after its time`);
  return [...faults, ...faultsOfBeginning(record, upstream, start, matching, earlyMs)];
}

/** A reader begins where it was told to: at a time, or at the upstream's now, or without a clock at its newest event. */
function faultsOfBeginning(
  { reader, begin, askedAt, positionedAt }: ReaderRecord,
  upstream: Upstream,
  start: number,
  matching: readonly ScenarioEvent[],
  earlyMs: number,
): string[] {
  if (reader.begin.kind === "listing" || reader.begin.kind === "cursor") return [];
  if (reader.begin.kind === "time") {
    const told = start + reader.startMs - reader.begin.agoMs;
    return begin.since === told ? [] : [`the reader began at ${begin.since - start} instead of ${told - start}`];
  }
  const faults: string[] = [];
  const early = askedAt - begin.since;
  if (upstream.dates === "always") {
    if (early < 0) faults.push(`the reader began ${-early} ms after it was asked for`);
    if (early > earlyMs) faults.push(`the reader began ${early} ms early`);
  }
  if (begin.since > positionedAt + Math.max(0, upstream.stampsAheadMs)) faults.push("the reader began in the future");
  for (const { id, visibleAt } of matching) {
    if (begin.seen.has(fingerprint(id)) && start + visibleAt > positionedAt) faults.push(`${id} was passed over`);
  }
  return faults;
}
