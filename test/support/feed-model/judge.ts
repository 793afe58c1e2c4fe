import { matches } from "../../../src/feed/filter.ts";
import { byTime, crowdTypes, fingerprint, isDealtWith, LATE_MS } from "../../../src/feed/position.ts";
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
  const { reader, begin, ahead, listed, listingRepeats, results, overtime } = record;
  const filter = FILTERS[reader.filter] ?? {};
  const matching = events.filter(
    ({ type, websetId }) =>
      matches(filter, { type, data: undefined }) && (reader.websetId === undefined || websetId === reader.websetId),
  );
  // Paging through a listing to its end and waiting from there meets everything there ever is.
  const notDealtWith =
    reader.begin.kind === "listing"
      ? matching
      : matching.filter(({ id, at }) => !isDealtWith(begin, { id, time: start + at }));
  const unknowable = notDealtWith.filter((event) => isInCrowdOf(event, record, start));
  const expected = notDealtWith.filter((event) => !unknowable.includes(event));
  const faults: string[] = [];
  const isTooLate = (event: ScenarioEvent) => event.visibleAt > event.at - upstream.stampsAheadMs + LATE_MS;
  const tooLate = new Set(matching.filter(isTooLate).map(({ id }) => id));
  const own = new Set(matching.map(({ id }) => id));
  const mayCome = new Set(notDealtWith.map(({ id }) => id));
  const handedOut = new Set(listed.map(({ id }) => id));
  // A result says of its own events that they may come again, and a listing of those of the waits that follow it.
  let mayRepeat = new Set(listingRepeats ? handedOut : []);
  let hasToldOfRepeats = false;
  if (handedOut.size < listed.length) faults.push("a listing gave an event twice");
  for (const { id } of listed) if (!own.has(id)) faults.push(`${id} does not match`);
  for (const { events, limit, from, late, repeats, quietSince = Number.NEGATIVE_INFINITY } of results) {
    if (repeats) mayRepeat = new Set(handedOut);
    for (const { id } of events) {
      // What is told as late can have been listed before: no cursor tells of what lies behind it.
      const isTold = mayRepeat.has(id) || (late > 0 && tooLate.has(id));
      if (handedOut.has(id) && !isTold) faults.push(`${id} was given again`);
      if (!own.has(id)) faults.push(`${id} does not match`);
      // A cursor does not tell where its chain began: what is told as late may be of shortly before.
      else if (!mayCome.has(id) && !tooLate.has(id) && !ahead && !(hasToldOfRepeats || repeats))
        faults.push(`${id} lies before where the reader began`);
      handedOut.add(id);
    }
    if (new Set(events.map(({ id }) => id)).size < events.length) faults.push("a result gave an event twice");
    // What a cursor had no room for comes again with the next results, too.
    if (repeats) mayRepeat = new Set(handedOut);
    hasToldOfRepeats ||= repeats;
    for (const event of expected) {
      if (start + event.visibleAt < quietSince && !handedOut.has(event.id) && !isTooLate(event)) {
        faults.push(`${event.id} was visible before a quiet result`);
      }
    }
    const behind = events.filter(({ time }) => from !== undefined && time < from.since).length;
    if (late < behind) faults.push(`${behind} events were late, and ${late} told as such`);
    if (late > events.filter(({ id }) => tooLate.has(id)).length && upstream.clocks.offMs === 0) {
      faults.push(`${late} events were told as late that were not`);
    }
    if (events.length > limit) faults.push(`${events.length} events where ${limit} were asked for`);
    if ([...events].sort(byTime).some((event, index) => event !== events[index]))
      faults.push("a result is out of order");
  }
  for (const event of expected) {
    if (!handedOut.has(event.id) && !(isTooLate(event) && !isMet(event, record, upstream, start))) {
      faults.push(`${event.id} is missing`);
    }
  }
  if (overtime > overtimeMs) faults.push(`a wait returned ${overtime} ms after its time`);
  return [...faults, ...faultsOfBeginning(record, upstream, start, matching, earlyMs)];
}

/**
 * Whether an event stands in the crowd where the reader's cursor points, and the wait that gave it left such events out: the API's own
 * cursor is that point where both ask for the same types, and nobody knows on which side of it the event lies.
 */
function isInCrowdOf({ type, at }: ScenarioEvent, { reader, begin }: ReaderRecord, start: number): boolean {
  if (reader.begin.kind !== "cursor" || begin.crowd === undefined || start + at !== begin.since) return false;
  const [filter, before] = [FILTERS[reader.filter] ?? {}, FILTERS[reader.begin.filter] ?? {}];
  return begin.crowd.types === crowdTypes(filter.types) && !matches(before, { type, data: undefined });
}

/** The tail remembers a minute; where nothing troubles it, it meets what comes so late at most. */
const SURELY_MET_MS = 20_000;

/** Whether an event that came later than any should was met, for a poll loop remembers its time. */
function isMet({ at, visibleAt }: ScenarioEvent, record: ReaderRecord, upstream: Upstream, start: number): boolean {
  const { reader, begin, results } = record;
  const isPlain =
    upstream.trouble === "none" &&
    upstream.dates === "always" &&
    upstream.clocks.offMs === 0 &&
    upstream.odd.length === 0 &&
    reader.waits.every(({ restarted, cancelAfterMs }) => !restarted && cancelAfterMs === undefined);
  const first = results.find(({ quietSince }) => quietSince !== undefined);
  const isFollowed = first !== undefined && begin.since <= start + at && first.endedAt < start + visibleAt;
  return isPlain && isFollowed && visibleAt - at <= SURELY_MET_MS;
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
  if (upstream.dates === "always" && upstream.clocks.offMs === 0) {
    if (early < 0) faults.push(`the reader began ${-early} ms after it was asked for`);
    if (early > earlyMs) faults.push(`the reader began ${early} ms early`);
  }
  // Where two clocks differ, there are two that tell now.
  const ahead = Math.max(0, upstream.stampsAheadMs, upstream.clocks.kind === "two" ? upstream.clocks.offMs : 0);
  if (begin.since > positionedAt + ahead) faults.push("the reader began in the future");
  for (const { id, visibleAt } of matching) {
    if (begin.seen.has(fingerprint(id)) && start + visibleAt > positionedAt) faults.push(`${id} was passed over`);
  }
  return faults;
}
