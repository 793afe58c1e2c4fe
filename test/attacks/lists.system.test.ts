import { describe, expect } from "vitest";
import { type AttackUpstream, refusal, websetState } from "../support/attack-upstream.ts";
import { expectAll, expectOnce, follow, listAll, test } from "./attack.ts";

const MINUTE_MS = 60_000;

/** An end of the range that is asked for, moved by so many milliseconds: as an API does whose ranges do not hold their ends. */
const move = (name: string, ms: number) => (upstream: AttackUpstream) => {
  upstream.meddle = ({ query }) => {
    const time = query.get(name);
    if (time !== null) query.set(name, new Date(Date.parse(time) + ms).toISOString());
    return undefined;
  };
};

/** All that a list may do which no documentation tells of. */
const ODDITIES: Record<string, (upstream: AttackUpstream) => void> = {
  "answers 404 to its own cursors": (upstream) => {
    upstream.meddle = ({ query }) => (query.has("cursor") ? refusal(404) : undefined);
  },
  "answers 410 to its own cursors": (upstream) => {
    upstream.meddle = ({ query }) => (query.has("cursor") ? refusal(410) : undefined);
  },
  "promises more for ever, without a cursor": (upstream) => {
    upstream.bend = (page) => ({ ...page, hasMore: true });
  },
  "repeats its last page for ever": (upstream) => {
    upstream.bend = (page, { query }) => ({
      ...page,
      hasMore: true,
      nextCursor: page.nextCursor ?? query.get("cursor"),
    });
  },
  "leaves out what was created at createdAfter": move("createdAfter", 1),
  "leaves out what was created at createdBefore": move("createdBefore", -1),
  "goes by no createdAfter": (upstream) => {
    upstream.meddle = ({ query }) => void query.delete("createdAfter");
  },
  "goes by no times at all": (upstream) => {
    upstream.meddle = ({ query }) => {
      query.delete("createdAfter");
      query.delete("createdBefore");
      return undefined;
    };
  },
  "sends 100 Continue before each answer": (upstream) => {
    upstream.continues = true;
  },
};

describe.concurrent.each(Object.entries(ODDITIES))("an API that %s", (_, begin) => {
  test.for(["newest-first", "oldest-first"] as const)(
    "listing %s, has all its events told, each once",
    async (order, { upstream, connect }) => {
      upstream.order = order;
      upstream.pageCap = 50;
      begin(upstream);
      const old = Array.from({ length: 40 }, (_, n) => upstream.tell({ at: -60 * MINUTE_MS + n }));
      const ids = Array.from({ length: 210 }, (_, n) => upstream.tell({ at: -30 * MINUTE_MS + Math.floor(n / 3) }));
      ids.push(...Array.from({ length: 20 }, (_, n) => upstream.tell({ at: -40_000 + n * 1_000 })));
      const session = await connect();
      const from = new Date(upstream.began - 30 * MINUTE_MS).toISOString();
      const followed = await expectAll(session, ids, { timeoutSeconds: 5 }, from);
      const later = upstream.tell();
      const rest = await follow(session, { timeoutSeconds: 5 }, (soFar) => soFar.ids.length > 0, followed.cursor);
      expect(rest.ids).toEqual([later]);
      expectOnce((await listAll(session)).ids, [...old, ...ids, later]);
    },
  );
});

test.concurrent("an API that promises more for ever, with new cursors to nothing, is told as such", async ({
  upstream,
  connect,
}) => {
  upstream.tell();
  upstream.bend = (page, { nth }) => ({ ...page, hasMore: true, nextCursor: page.nextCursor ?? `nothing-${nth}` });
  upstream.meddle = ({ query, nth }) =>
    query.get("cursor")?.startsWith("nothing")
      ? { body: { data: [], hasMore: true, nextCursor: `nothing-${nth}` } }
      : undefined;
  const session = await connect();
  const after = new Date(upstream.began - 1_000).toISOString();
  const says = /the API's list of events goes on without an end/i;
  expect((await session.call("list_webset_events")).error).toMatch(says);
  const { value, error } = await session.call("wait_for_webset_event", { after, timeoutSeconds: 15 });
  expect(error ?? value.warning).toMatch(says);
});

test.concurrent("of other lists it is told what could not be read, and where more comes behind a cursor that no token holds", async ({
  upstream,
  connect,
}) => {
  const item = { id: "item_1", websetId: "ws_1", properties: {} };
  const lists: Record<string, unknown[]> = {
    websets: [websetState("ws_1", "idle", "completed"), { id: "ws_2" }, null],
    "websets/ws_1/items": [item, { ...item, id: "" }, "item_3"],
  };
  upstream.websets.set("ws_1", () => websetState("ws_1", "idle", "completed"));
  upstream.meddle = ({ path }) =>
    path in lists ? { body: { data: lists[path], hasMore: true, nextCursor: "x".repeat(3_000) } } : undefined;
  const session = await connect();
  const told = await Promise.all([
    session.call("list_websets", { limit: 3 }),
    session.call("list_webset_items", { websetId: "ws_1", limit: 3 }),
  ]);
  for (const { value } of told) {
    expect(value.websets ?? value.items).toHaveLength(1);
    expect(value.nextPage).toBeNull();
    expect(value.note).toMatch(/^2 entries of the API's list could not be read .*There is more, but .*too long/);
  }
});
