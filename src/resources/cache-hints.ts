import type { CacheHint } from "@modelcontextprotocol/server";

const DAY_MS = 86_400_000;

/** What is the same for everybody until another version of this program answers. */
export const SAME_FOR_ALL: CacheHint = { ttlMs: DAY_MS, cacheScope: "public" };
/** What never changes, but needs a key to be read. */
export const UNCHANGING: CacheHint = { ttlMs: DAY_MS, cacheScope: "private" };
/** What may be another thing with the next look. */
export const OF_THE_MOMENT: CacheHint = { ttlMs: 0, cacheScope: "private" };

/** The lists are fixed when this program is built. */
export const LIST_HINTS = {
  "prompts/list": SAME_FOR_ALL,
  "resources/list": SAME_FOR_ALL,
  "resources/templates/list": SAME_FOR_ALL,
  "tools/list": SAME_FOR_ALL,
};
