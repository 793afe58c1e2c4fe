import type { SandboxAnswer } from "../message.ts";
import { fromCursor, toCursor } from "../page.ts";
import {
  type Entry,
  EVENTS_PATH,
  type Fault,
  type FaultRequest,
  idOf,
  isEventList,
  isList,
  pageOf,
  withPage,
} from "./fault.ts";

/** What answers hold that they should not, or lack. */
export const contentFaults = {
  "wrong-shape": {
    kind: "after",
    description: "200 with valid JSON of another shape",
    fits: ({ method }) => method === "GET",
    spoil: (answer, { random }) => ({ ...answer, status: 200, body: JSON.stringify(random.pick(WRONG_SHAPES)) }),
  },
  "malformed-event": {
    kind: "after",
    description: "one malformed event, added to the good ones of a page",
    fits: isEventList,
    spoil(answer, { random }) {
      const page = pageOf(answer);
      if (page === undefined) return undefined;
      const malformed = random.pick(MALFORMED_EVENTS) as Entry;
      return withPage(answer, {
        ...page,
        data: page.data.toSpliced(random.integer(0, page.data.length), 0, malformed),
      });
    },
  },
  "large-payloads": {
    kind: "after",
    description: "500 KB of page text in every item, in lists, events and alone",
    fits: (request) => request.path === EVENTS_PATH || isList(request) || isOneWithPageText(request),
    spoil: (answer) => withLongTexts(answer),
  },
  "no-date": {
    kind: "after",
    description: "an answer without a Date header",
    spoil({ headers: { date, ...headers }, ...answer }) {
      return date === undefined ? undefined : { ...answer, headers };
    },
  },
} as const satisfies Record<string, Fault>;

/** Wrong for lists and for single resources alike. */
const WRONG_SHAPES: readonly [unknown, ...unknown[]] = [
  {},
  [],
  null,
  "ok",
  { data: {}, hasMore: "no" },
  { data: "none", hasMore: false, nextCursor: 7 },
  { results: [], total: 0 },
];

const AT = "2026-01-01T00:00:00.000Z";

/** Each lacks a usable id, type or createdAt, or is no object. */
const MALFORMED_EVENTS: readonly [unknown, ...unknown[]] = [
  { object: "event", type: "webset.idle", data: {}, createdAt: AT },
  { id: "", object: "event", type: "webset.idle", data: {}, createdAt: AT },
  { id: {}, object: "event", type: "webset.idle", data: {}, createdAt: AT },
  { id: "event_malformed", object: "event", data: {}, createdAt: AT },
  { id: "event_malformed", object: "event", type: null, data: {}, createdAt: AT },
  { id: "event_malformed", object: "event", type: "webset.idle", data: {} },
  { id: "event_malformed", object: "event", type: "webset.idle", data: {}, createdAt: "some time ago" },
  null,
  "webset.idle",
];

const ONE_WITH_PAGE_TEXT = /^\/websets\/v0\/(events\/[^/]+|websets\/[^/]+\/items\/[^/]+)$/;

function isOneWithPageText({ method, path }: FaultRequest): boolean {
  return method === "GET" && ONE_WITH_PAGE_TEXT.test(path);
}

function withLongTexts(answer: SandboxAnswer): SandboxAnswer | undefined {
  let found = false;
  const enlarge = (key: string, value: unknown) => {
    // In items only: `content` stands beside `url` among an item's properties.
    if (key !== "properties" || typeof value !== "object" || value === null || !("content" in value)) return value;
    found = true;
    return { ...value, content: longText() };
  };
  try {
    const body = JSON.stringify(JSON.parse(answer.body, enlarge));
    return found ? { ...answer, body } : undefined;
  } catch {
    return undefined;
  }
}

const LENGTH = 500_000;

let made: string | undefined;

/** 500 KB of page text, made once and shared by all who hold it. */
function longText(): string {
  if (made === undefined) {
    const lines: string[] = [];
    for (let length = 0, number = 1; length < LENGTH; number++) {
      const line = `Section ${number}: what this page says about it, at a length that only a very patient reader follows.\n`;
      lines.push(line);
      length += line.length;
    }
    made = lines.join("").slice(0, LENGTH);
  }
  return made;
}

/** What makes it hard to walk the pages of a list. None of them takes an entry away from a client that walks on. */
export const walkFaults = {
  "duplicate-entry": {
    kind: "after",
    description: "the last entry of a page comes again as the first of the next one",
    fits: isList,
    spoil(answer) {
      const page = pageOf(answer);
      const beforeLast = idOf(page?.data.at(-2));
      if (page === undefined || beforeLast === undefined || page.nextCursor === null) return undefined;
      return withPage(answer, { ...page, nextCursor: toCursor(beforeLast) });
    },
  },
  "repeating-cursor": {
    kind: "after",
    description: "nextCursor is the cursor that was asked with, and hasMore is true",
    fits: (request) => isList(request) && request.query.has("cursor"),
    spoil(answer, { request }) {
      const page = pageOf(answer);
      return page && withPage(answer, { ...page, hasMore: true, nextCursor: request.query.get("cursor") });
    },
  },
  "null-cursor": {
    kind: "after",
    description: "the last page says hasMore true, with nextCursor null",
    fits: isList,
    spoil(answer) {
      const page = pageOf(answer);
      return page?.hasMore === false ? withPage(answer, { ...page, hasMore: true }) : undefined;
    },
  },
  "empty-page": {
    kind: "after",
    description: "an empty page with hasMore true, whose nextCursor leads to what was left out",
    fits: isList,
    spoil(answer, { request }) {
      if (pageOf(answer) === undefined) return undefined;
      const asked = request.query.get("cursor");
      const { bare, variant } = fromCursor(asked ?? "");
      // A cursor that stays the same would be another fault.
      return withPage(answer, { data: [], hasMore: true, nextCursor: toCursor(bare, variant + 1) });
    },
  },
  "short-page": {
    kind: "after",
    description: "a page with fewer entries than limit, though there are more",
    fits: isList,
    spoil(answer, { random }) {
      const page = pageOf(answer);
      if (page === undefined || page.data.length < 2) return undefined;
      const data = page.data.slice(0, random.integer(1, page.data.length - 1));
      const last = idOf(data.at(-1));
      return last === undefined ? undefined : withPage(answer, { data, hasMore: true, nextCursor: toCursor(last) });
    },
  },
} as const satisfies Record<string, Fault>;
