import { describe, expect } from "vitest";
import type { AttackUpstream } from "../support/attack-upstream.ts";
import { atOnce, expectOnce, follow, listAll, test } from "./attack.ts";

/** Tells so many events of one millisecond; as of a bulk import. */
const crowd = (upstream: AttackUpstream, number: number, at: number) =>
  Array.from({ length: number }, () => upstream.tell({ at }));

describe.concurrent("the events of a crowded millisecond come, each once, and what follows them", () => {
  test.for(["newest-first", "oldest-first"] as const)("5,000 listed %s", async (order, { upstream, connect }) => {
    upstream.order = order;
    const ids = crowd(upstream, 5_000, -60_000);
    ids.push(upstream.tell({ at: -60_001 }), upstream.tell({ at: -59_999 }));
    const session = await connect();
    const from = new Date(upstream.began - 70_000).toISOString();
    const followed = await follow(session, atOnce(100), ({ ids }) => ids.length >= 5_002, from);
    expectOnce(followed.ids, ids);
    const later = upstream.tell();
    expect((await follow(session, {}, ({ ids }) => ids.length > 0, followed.cursor)).ids).toEqual([later]);
  });

  test("5,000 without a Date", async ({ upstream, connect }) => {
    upstream.dateOf = () => undefined;
    const ids = crowd(upstream, 5_000, -60_000);
    ids.push(upstream.tell({ at: -60_001 }), upstream.tell({ at: -59_999 }));
    const session = await connect();
    const from = new Date(upstream.began - 70_000).toISOString();
    const followed = await follow(session, atOnce(100), ({ ids }) => ids.length >= 5_002, from);
    expectOnce(followed.ids, ids);
  });

  test("5,000 while somebody waits for them", async ({ upstream, connect }) => {
    const session = await connect();
    const { value } = await session.call("wait_for_webset_event", { timeoutSeconds: 0 });
    const ids = crowd(upstream, 5_000, upstream.now + 500);
    const followed = await follow(session, atOnce(100), ({ ids }) => ids.length >= 5_000, value.cursor);
    expectOnce(followed.ids, ids);
  });

  test("1,000 in a listing, page by page", async ({ upstream, connect }) => {
    // Each page has to read the whole millisecond, to be sure of its order.
    const ids = crowd(upstream, 1_000, -1_000);
    const session = await connect();
    const listed = await listAll(session);
    expectOnce(listed.ids, ids);
    // More than a cursor can keep was handed out before it was settled: what comes again is told.
    expect(listed.notes.at(-1)).toContain("may repeat");
    const later = upstream.tell();
    const followed = await follow(session, atOnce(100), ({ ids }) => ids.includes(later), listed.cursor);
    expect(followed.ids.filter((id) => !ids.includes(id))).toEqual([later]);
  });
});

test.concurrent("30,000 events in one millisecond are got through, call by call", async ({ upstream, connect }) => {
  const ids = new Set(crowd(upstream, 30_000, -60_000));
  const session = await connect();
  const from = new Date(upstream.began - 70_000).toISOString();
  let before = -1;
  const followed = await follow(
    session,
    { ...atOnce(100), timeoutSeconds: 5 },
    (soFar) => {
      // No call brings nothing; one may have to find out first how many there are.
      if (soFar.calls > 2) expect(soFar.ids.length).toBeGreaterThan(before);
      before = soFar.ids.length;
      return soFar.ids.length >= 3_000;
    },
    from,
  );
  expect(new Set(followed.ids).size).toBe(followed.ids.length);
  expect(followed.ids.every((id) => ids.has(id))).toBe(true);
});
