import { describe, expect, test } from "vitest";
import type { FaultName } from "../../../src/sandbox/faults.ts";
import type { ListOrder } from "../../../src/sandbox/server.ts";
import { openWithFaults, recordEvents } from "./support.ts";

interface WalkedPage {
  ids: string[];
  hasMore: boolean;
  nextCursor: string | null;
}

/** Walks until `hasMore` is false, or for `most` pages. */
async function walk({ get }: ReturnType<typeof openWithFaults>, limit: number, most = 100): Promise<WalkedPage[]> {
  const pages: WalkedPage[] = [];
  for (let cursor = ""; pages.length < most; ) {
    const { data, hasMore, nextCursor } = (await get(`/events?limit=${limit}${cursor}`)).json;
    pages.push({ ids: data.map(({ id }: { id: string }) => id), hasMore, nextCursor });
    if (!hasMore) return pages;
    cursor = `&cursor=${nextCursor}`;
  }
  return pages;
}

const ORDERS: ListOrder[] = ["newest-first", "oldest-first"];

describe.each(ORDERS)("a walk %s", (listOrder) => {
  const opened = (name: FaultName, times?: number) => {
    const sandbox = openWithFaults([{ name, ...(times === undefined ? {} : { times }) }], { listOrder });
    const ids = recordEvents(sandbox, 20);
    return { sandbox, expected: listOrder === "newest-first" ? ids.toReversed() : ids };
  };

  test("meets the last entry of each page again on the next one", async () => {
    const { sandbox, expected } = opened("duplicate-entry");
    const pages = await walk(sandbox, 5);
    for (const [index, { ids }] of pages.entries()) {
      if (index > 0) expect(ids[0]).toBe(pages[index - 1]?.ids.at(-1));
    }
    expect(pages.length).toBe(5);
    expect([...new Set(pages.flatMap(({ ids }) => ids))]).toEqual(expected);
  });

  test("meets a cursor that leads to itself, for as long as the fault strikes", async () => {
    const { sandbox, expected } = opened("repeating-cursor", 3);
    const pages = await walk(sandbox, 5);
    const [first, ...rest] = pages;
    for (const { ids, hasMore, nextCursor } of rest.slice(0, 3)) {
      expect({ ids, hasMore, nextCursor }).toEqual({
        ids: expected.slice(5, 10),
        hasMore: true,
        nextCursor: first?.nextCursor,
      });
    }
    expect([...new Set(pages.flatMap(({ ids }) => ids))]).toEqual(expected);
    expect(sandbox.faults.happened).toEqual({ "repeating-cursor": 3 });
  });

  test("meets empty pages that promise more, each with a cursor of its own, and loses nothing", async () => {
    const { sandbox, expected } = opened("empty-page", 4);
    const pages = await walk(sandbox, 5);
    for (const { ids, hasMore } of pages.slice(0, 4)) expect({ ids, hasMore }).toEqual({ ids: [], hasMore: true });
    expect(new Set(pages.map(({ nextCursor }) => nextCursor)).size).toBe(pages.length);
    expect(pages.flatMap(({ ids }) => ids)).toEqual(expected);
  });

  test("meets pages shorter than their limit, and loses nothing", async () => {
    const { sandbox, expected } = opened("short-page");
    const pages = await walk(sandbox, 5);
    expect(pages.slice(0, -1).every(({ ids, hasMore }) => ids.length < 5 && hasMore)).toBe(true);
    expect(pages.flatMap(({ ids }) => ids)).toEqual(expected);
  });
});

test("the last page promises more without saying where, and the others are as they are", async () => {
  const opened = openWithFaults([{ name: "null-cursor" }]);
  const ids = recordEvents(opened, 7);
  const first = (await opened.get("/events?limit=5")).json;
  expect(first).toMatchObject({ hasMore: true, nextCursor: expect.any(String) });
  expect(opened.faults.happened).toEqual({});
  const last = (await opened.get(`/events?limit=5&cursor=${first.nextCursor}`)).json;
  expect(last).toMatchObject({ hasMore: true, nextCursor: null });
  expect([...first.data, ...last.data].map(({ id }) => id)).toEqual(ids.toReversed());
  expect(opened.faults.happened).toEqual({ "null-cursor": 1 });
});

test("an empty page can be anywhere in a walk", async () => {
  const opened = openWithFaults([{ name: "empty-page", from: 3, times: 1 }]);
  const ids = recordEvents(opened, 20);
  const pages = await walk(opened, 5);
  expect(pages.map((page) => page.ids.length)).toEqual([5, 5, 0, 5, 5]);
  expect(pages.flatMap((page) => page.ids)).toEqual(ids.toReversed());
});

test("a walk under an unending fault gets nowhere", async () => {
  const opened = openWithFaults([{ name: "empty-page" }]);
  recordEvents(opened, 20);
  const pages = await walk(opened, 5, 30);
  expect(pages.every(({ ids, hasMore }) => ids.length === 0 && hasMore)).toBe(true);
  expect(new Set(pages.map(({ nextCursor }) => nextCursor)).size).toBe(30);
});

test("lists of other things meet the same", async () => {
  const opened = openWithFaults([{ name: "duplicate-entry" }]);
  for (let number = 0; number < 3; number++) {
    opened.world.createWebset({});
    await opened.clock.advance(1_000);
  }
  const first = (await opened.get("/websets?limit=2")).json;
  const second = (await opened.get(`/websets?limit=2&cursor=${first.nextCursor}`)).json;
  expect(second.data[0].id).toBe(first.data[1].id);
});
