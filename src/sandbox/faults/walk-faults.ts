import { fromCursor, toCursor } from "../page.ts";
import { type Fault, idOf, isList, pageOf, withPage } from "./fault.ts";

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
