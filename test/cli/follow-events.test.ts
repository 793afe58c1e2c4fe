import { describe, expect, test } from "vitest";
import { callerOf } from "../../src/cli/command-context.ts";
import { type FollowRequest, followEvents } from "../../src/cli/follow-events.ts";
import { RecentIds } from "../../src/feed/recent-ids.ts";
import { type FeedWorld, type FeedWorldOptions, openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";

const HOUR_MS = 3_600_000;

/** A command that follows the events of a world, in a process of its own. */
function follow(opened: FeedWorld, request: Partial<FollowRequest> = {}) {
  const stop = new AbortController();
  const troubles: (string | undefined)[] = [];
  const places: string[] = [];
  const context = {
    call: callerOf({ tools: opened.newProcess(), missingKey: undefined, recent: new RecentIds() }, stop.signal),
    clock: opened.clock,
    config: { pollInterval: 1 },
  };
  const found = followEvents(
    {
      filter: {},
      signal: stop.signal,
      onTransientError: (error) => troubles.push(error?.kind),
      onMoved: (place) => places.push(place),
      ...request,
    },
    context as Parameters<typeof followEvents>[1],
  );
  return { found, stop, troubles, places };
}

/** All that is found until it ends, or until `enough` says so. */
async function all({ found }: ReturnType<typeof follow>, enough: (ids: readonly string[]) => boolean = () => false) {
  const [ids, sizes, bytes]: [string[], number[], number[]] = [[], [], []];
  let cursor = "";
  for await (const { events, cursor: next } of found) {
    ids.push(...events.map(({ id }) => id));
    sizes.push(events.length);
    bytes.push(Buffer.byteLength(JSON.stringify(events)));
    cursor = next;
    if (enough(ids)) break;
  }
  return { ids, sizes, bytes, cursor };
}

/** A world with so many items in its past, and their events' ids, oldest first. */
function withBacklog(count: number, spanMs: number, options: FeedWorldOptions = {}) {
  const opened = openFeedWorld(options);
  const ids = Array.from({ length: count }, (_, n) => {
    const at = opened.start - spanMs + Math.floor((n * (spanMs - 60_000)) / count);
    const data = { id: `item_${n}`, object: "webset_item", websetId: "ws_1", properties: { url: "https://a.example" } };
    return opened.record("webset.item.created", { at, data }).id;
  });
  return { opened, ids };
}

describe("following a backlog", () => {
  test("hands out each event once, oldest first, and reads none twice for the sake of a result's size", async () => {
    const { opened, ids } = withBacklog(6_000, HOUR_MS);
    const read = await opened.fake.until(all(follow(opened, { since: "2h", once: true })));
    expect(read.ids).toEqual(ids);
    // Pages hold 200; some are for finding out where it begins.
    expect(opened.lists().length).toBeLessThan((1.6 * ids.length) / 200);
  });

  test("ends also where each answer takes longer than a call that looks only once gives others", async () => {
    const { opened, ids } = withBacklog(30, HOUR_MS, { latency: () => 4_500 });
    const read = await opened.fake.until(all(follow(opened, { since: "2h", once: true })));
    expect(read.ids).toEqual(ids);
  });

  test("hands out what it has read before it reads on", async () => {
    const { opened } = withBacklog(6_000, HOUR_MS);
    const { found } = follow(opened, { since: "2h" });
    const first = await opened.fake.until(found.next());
    expect(first.value?.events.length).toBeGreaterThan(100);
    expect(opened.lists().length).toBeLessThan(15);
    const asked = opened.lists().length;
    await opened.fake.advance(60_000);
    expect(opened.lists()).toHaveLength(asked);
    await found.return();
  });

  test("cuts no resource to what an agent bears", async () => {
    const opened = openFeedWorld();
    const texts = Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(1_900, "x"));
    const data = { id: "item_1", object: "webset_item", websetId: "ws_1", texts };
    opened.record("webset.item.created", { at: opened.start - 60_000, data });
    const { found } = follow(opened, { since: "1h", once: true, filter: { detail: "full" } });
    const { value } = await opened.fake.until(found.next());
    expect(value?.events[0]?.data).toEqual(data);
  });

  test("names the Webset of each event also where only one was asked for", async () => {
    const opened = openFeedWorld();
    const { id } = opened.world.createWebset({ title: "Kites" });
    const { found } = follow(opened, { since: "1h", once: true, filter: { websetId: id } });
    const { value } = await opened.fake.until(found.next());
    expect(value?.events).toMatchObject([{ type: "webset.created", websetId: id }]);
  });

  test("asks for the enrichments of a deleted Webset a few times, not with each reading", async () => {
    const opened = openFeedWorld();
    for (let n = 0; n < 3_000; n++) {
      const enrichments = [{ enrichmentId: "wenrich_1", status: "completed", result: ["a"] }];
      const data = { id: `item_${n}`, object: "webset_item", websetId: "ws_gone", enrichments };
      opened.record("webset.item.enriched", { at: opened.start - HOUR_MS + n * 1_000, data });
    }
    const { ids } = await opened.fake.until(all(follow(opened, { since: "2h", once: true })));
    expect(ids).toHaveLength(3_000);
    expect(opened.requests.filter(({ path }) => path.endsWith("/ws_gone")).length).toBeLessThan(4);
  });
});

describe("following what happens", () => {
  test("tells each event once, with one poll an interval however many come", async () => {
    const opened = openFeedWorld();
    const ids: string[] = [];
    const reading = all(follow(opened), (read) => read.length >= 150);
    for (let n = 0; n < 150; n++) {
      await opened.fake.advance(200);
      ids.push(opened.record("webset.idle", { late: (n % 5) * 1_000 }).id);
    }
    const read = await opened.fake.until(reading);
    expect(read.ids.toSorted()).toEqual(ids);
    expect(opened.lists().length).toBeLessThan(45);
  });

  test("outlasts an outage, tells of its beginning and end, and loses nothing", async () => {
    const opened = openFeedWorld();
    const following = follow(opened);
    const reading = all(following, (read) => read.length >= 2);
    await opened.fake.advance(3_000);
    opened.record("webset.idle", { id: "before" });
    await opened.fake.advance(3_000);
    expect(new Set(following.troubles)).toEqual(new Set([undefined]));
    opened.trouble.spoil = async () => refusal(503);
    opened.record("webset.idle", { id: "meanwhile" });
    await opened.fake.advance(3 * HOUR_MS);
    expect(following.troubles.at(-1)).toBe("unavailable");
    opened.trouble.spoil = (_, next) => next();
    expect((await opened.fake.until(reading)).ids).toEqual(["before", "meanwhile"]);
    expect(following.troubles.at(-1)).toBeUndefined();
  });

  test("begins when it was called, also where the API answers only later", async () => {
    const opened = openFeedWorld({ spoil: async () => refusal(503) });
    const reading = all(follow(opened), () => true);
    await opened.fake.advance(60_000);
    opened.record("webset.idle", { id: "meanwhile" });
    await opened.fake.advance(HOUR_MS);
    opened.trouble.spoil = (_, next) => next();
    expect((await opened.fake.until(reading)).ids).toEqual(["meanwhile"]);
  });

  test("tells where to go on before anything was found", async () => {
    const opened = openFeedWorld();
    const { found, stop, places } = follow(opened);
    const first = found.next();
    first.catch(() => {});
    await opened.fake.advance(10_000);
    stop.abort();
    await expect(first).rejects.toThrow();
    opened.record("webset.idle", { id: "later" });
    const since = places.at(-1);
    expect((await opened.fake.until(all(follow(opened, { since, once: true })))).ids).toEqual(["later"]);
  });

  test("waits at its end for what was on its way", async () => {
    const opened = openFeedWorld();
    const ending = new AbortController();
    const reading = all(follow(opened, { ending: ending.signal }));
    await opened.fake.advance(20_000);
    opened.record("webset.idle", { id: "late", late: 4_900 });
    ending.abort();
    expect((await opened.fake.until(reading)).ids).toEqual(["late"]);
    expect(opened.fake.now()).toBeLessThan(40_000);
  });

  test("ends also where others never come to rest", async () => {
    const opened = openFeedWorld();
    const ending = new AbortController();
    const reading = all(follow(opened, { ending: ending.signal }));
    await opened.fake.advance(5_000);
    ending.abort();
    let ended = false;
    void reading.then(() => {
      ended = true;
    });
    for (let n = 0; n < 100 && !ended; n++) {
      opened.record("webset.idle");
      await opened.fake.advance(300);
    }
    expect(ended).toBe(true);
  });
});

test.each([
  ["yesterday", 'not "yesterday"'],
  ["2026-11-26", 'not "2026-11-26". Did you mean --since "2026-11-26T00:00:00Z"?'],
  ["90d", "at most 60 days"],
])("says of --since %s what it takes", async (since, said) => {
  const { found } = follow(openFeedWorld(), { since });
  await expect(found.next()).rejects.toThrow(said);
});

describe("reading once", () => {
  test("gives also what is held until it is settled", async () => {
    const opened = openFeedWorld();
    const ids = Array.from({ length: 400 }, () => opened.record("webset.idle").id);
    const read = await opened.fake.until(all(follow(opened, { since: "1h", once: true })));
    expect(read.ids.toSorted()).toEqual(ids);
  });

  test("fails where the API does not answer", async () => {
    const opened = openFeedWorld({ spoil: async () => refusal(503) });
    const reading = all(follow(opened, { since: "1h", once: true }));
    await expect(opened.fake.until(reading)).rejects.toMatchObject({ kind: "unavailable" });
  });
});
