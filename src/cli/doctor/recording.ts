import { VERSION } from "../../config.ts";
import { isKnownEventType } from "../../exa/event-types.ts";
import { isRecord } from "../../feed/event.ts";
import { listOrder } from "../../feed/list-order.ts";
import { delaysIn, type Evidence } from "./evidence.ts";
import { formInWords } from "./id-forms.ts";
import { cursorForm, rangesOf } from "./listing.ts";
import { Mask, type MaskOptions } from "./mask.ts";
import type { Exchange, Query } from "./probe.ts";

/** What was seen of events, with an invented text in the place of each that somebody wrote. */
export interface Recording {
  about: string;
  program: string;
  facts: RecordedFacts;
  answers: RecordedAnswer[];
  /** Each entry of a page once; pages name them by their place in this list. */
  entries: unknown[];
}

/** What was worked out before the ids and texts were gone. */
export interface RecordedFacts extends Record<string, unknown> {
  /** Milliseconds from `createdAt` until an event was visible, at least and at most. */
  delays: { type: string; least: number; most: number }[];
}

/** An answer for events; all times are told ones. */
export interface RecordedAnswer {
  path: string;
  query: Query;
  /** Milliseconds since the first request, and until the answer was there. */
  sentAt: number;
  ms: number;
  status: number;
  date: string | null;
  /** The page's fields, its `data` as places in `entries`; of a refusal the fields alone. */
  body: unknown;
}

const ABOUT =
  "How the Exa API lists events, as doctor of websets-events-mcp saw it. Every text, name, address, number of a fact and unknown word is invented. Ids are invented in the form they have. Times are moved to begin in 2026, and keep their distances.";

/** Events beyond this many say nothing new, and make a file that nobody reads before sending it. */
const MOST_ENTRIES = 2_000;

/** Makes the recording of what was seen. Nothing that the API told is in it but its own words, numbers of progress, and forms. */
export function createRecording(evidence: Evidence, options: Omit<MaskOptions, "startedAt">): Recording {
  const exchanges = evidence.exchanges.filter(({ path }) => path === "events" || path.startsWith("events/"));
  const origin = exchanges[0]?.sentAt ?? 0;
  const started = evidence.timeAt(origin)?.earliest ?? exchanges[0]?.serverTime ?? newest(evidence);
  const mask = new Mask({ ...options, startedAt: started });
  const entries: unknown[] = [];
  const places = new Map<string, number>();

  const place = (entry: unknown): number[] => {
    const text = JSON.stringify(entry);
    const known = places.get(text);
    if (known !== undefined) return [known];
    if (entries.length >= MOST_ENTRIES) return [];
    places.set(text, entries.length);
    entries.push(mask.value(entry));
    return [entries.length - 1];
  };
  const bodyOf = ({ json, status }: Exchange): unknown => {
    if (!isRecord(json)) return json === undefined ? "no JSON" : mask.value(json);
    if (status >= 300 || !Array.isArray(json.data)) return mask.value(json);
    const { data, ...rest } = json;
    return { ...(mask.value(rest) as object), data: data.flatMap(place) };
  };

  const answers = exchanges.map((exchange): RecordedAnswer => {
    const { path, query, sentAt, receivedAt, status, serverTime } = exchange;
    return {
      path: path === "events" ? path : "events/unknown",
      query: toldQuery(query, mask),
      sentAt: Math.round(sentAt - origin),
      ms: Math.round(receivedAt - sentAt),
      status,
      date: serverTime === undefined ? null : new Date(mask.time(serverTime)).toISOString(),
      body: bodyOf(exchange),
    };
  });
  return { about: ABOUT, program: `websets-events-mcp ${VERSION}`, facts: factsOf(evidence), answers, entries };
}

function toldQuery(query: Query, mask: Mask): Query {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      if (name === "cursor") return [name, mask.id(String(value))];
      if (name.startsWith("created")) return [name, mask.timeText(String(value)) ?? ""];
      // Numbers and types that we asked for: an unknown type is one that the API told.
      if (name === "types")
        return [name, [value].flat().map((type) => (isKnownEventType(String(type)) ? type : "unknown"))];
      return [name, value];
    }),
  ) as Query;
}

function factsOf(evidence: Evidence): RecordedFacts {
  const { first, small } = evidence;
  const types = [...new Set(first.events.map(({ type }) => type))];
  const count = (type: string) => first.events.filter((one) => one.type === type).length;
  const byId = [...first.events].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    order: listOrder(first.events) ?? null,
    types: Object.fromEntries(types.filter(isKnownEventType).map((type) => [type, count(type)])),
    unknownTypes: types.filter((type) => !isKnownEventType(type)).length,
    ids: [...new Set(first.events.map(({ id }) => formInWords(id)))].slice(0, 10),
    idsSortByTime: byId.length < 3 ? null : byId.every((one, at) => at === 0 || one.time >= (byId[at - 1]?.time ?? 0)),
    cursor: cursorForm(small) ?? null,
    ranges: rangesOf(evidence),
    unreadable: first.malformed,
    delays: delaysIn(evidence).map(({ type, least, most }) => ({
      type: isKnownEventType(type) ? type : "unknown",
      least: Math.round(least),
      most: Math.round(most),
    })),
  };
}

function newest({ first }: Evidence): number {
  return Math.max(0, ...first.events.map(({ time }) => time));
}
