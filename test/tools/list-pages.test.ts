import { describe, expect, test } from "vitest";
import { ResponseTooLargeError } from "../../src/exa/http.ts";
import type { ListPage } from "../../src/exa/schemas.ts";
import { WebsetsError } from "../../src/shared/errors.ts";
import { readList, type Trail } from "../../src/tools/list-pages.ts";
import { FakeClock } from "../support/fake-clock.ts";

const clock = new FakeClock();

/** A list of the numbers up to `end`, whose cursors are the last number of a page, and what it was asked for. */
function numbers(end: number, { most = 100, hold = 100 } = {}) {
  const asked: number[] = [];
  async function ask({ limit = 20, cursor = "0" }: { limit?: number; cursor?: string }) {
    asked.push(limit);
    if (limit > hold) throw new ResponseTooLargeError(1);
    const from = Number(cursor);
    const data = Array.from({ length: Math.min(limit, most, end - from) }, (_, n) => from + n + 1);
    const nextCursor = from + data.length < end ? String(from + data.length) : null;
    const value: ListPage<number> = { data, malformed: 0, nextCursor };
    return { value, serverTime: undefined, sentAt: 0, receivedAt: 0 };
  }
  return { ask, asked };
}

const all = <T>(entries: readonly T[]) => entries.length;
const upTo = (end: number, from = 1) => Array.from({ length: end - from + 1 }, (_, n) => from + n);

describe("a list is read", () => {
  test("up to what one result has room for, and the next call goes on right behind that", async () => {
    const { ask, asked } = numbers(60);
    const fits = (entries: readonly number[]) => Math.min(entries.length, 8);
    const found = await readList({ clock, ask, cursor: undefined, limit: 25, fits });
    expect(found).toMatchObject({ entries: upTo(8), malformed: 0, nextCursor: "8" });
    expect(asked).toEqual([25, 8]);
    const rest = await readList({ clock, ask, cursor: "8", limit: 100, fits: all });
    expect(rest).toMatchObject({ entries: upTo(60, 9), malformed: 0, nextCursor: null });
  });

  test("in halves where an answer is larger than is ever held", async () => {
    const { ask, asked } = numbers(60, { hold: 30 });
    const found = await readList({ clock, ask, cursor: undefined, limit: 100, fits: all });
    expect(found).toMatchObject({ entries: upTo(25), nextCursor: "25" });
    expect(asked).toEqual([100, 50, 25]);
    const none = numbers(60, { hold: 0 });
    await expect(readList({ clock, ask: none.ask, cursor: undefined, limit: 8, fits: all })).rejects.toThrow(
      "larger than",
    );
    expect(none.asked).toEqual([8, 4, 2, 1]);
  });

  test("through at most so many pages for what passes a filter, and nothing is skipped or told twice", async () => {
    const isMatch = (number: number) => number % 7 === 0 || (number > 30 && number < 40);
    for (const limit of [1, 2, 5, 50]) {
      const { ask, asked } = numbers(60, { most: 6 });
      const met: number[] = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        asked.length = 0;
        const found = await readList({ clock, ask, cursor, limit, fits: all, filter: isMatch, pages: 5 });
        expect(asked.length).toBeLessThanOrEqual(5);
        expect(found.entries.length).toBeLessThanOrEqual(limit);
        met.push(...found.entries);
        cursor = found.nextCursor;
      }
      expect(met).toEqual(upTo(60).filter(isMatch));
    }
  });

  test("to its end where a list's last page names itself as the next", async () => {
    const value = { data: [1], malformed: 0, nextCursor: "1" };
    const answer = { value, serverTime: undefined, sentAt: 0, receivedAt: 0 };
    const found = await readList({ clock, ask: async () => answer, cursor: "1", limit: 5, fits: all });
    expect(found).toMatchObject({ entries: [1], nextCursor: null });
  });

  test("no further where more comes than was asked for", async () => {
    const answer = {
      value: { data: [1, 2, 3], malformed: 0, nextCursor: "3" },
      serverTime: 0,
      sentAt: 0,
      receivedAt: 0,
    };
    const reading = readList({ clock, ask: async () => answer, cursor: undefined, limit: 2, fits: all });
    await expect(reading).rejects.toMatchObject({ kind: "unexpected_response" });
  });

  test("from the beginning where the API does not take a page any more, which it says in words", async () => {
    const refuse = async () => {
      throw new WebsetsError("invalid_request", { what: "cursor is invalid", status: 400 });
    };
    const reading = readList({ clock, ask: refuse, cursor: "7", limit: 5, fits: all });
    await expect(reading).rejects.toMatchObject({ kind: "invalid_request", advice: expect.stringContaining("page") });
    // Without a page it is not the page's fault.
    await expect(readList({ clock, ask: refuse, cursor: undefined, limit: 5, fits: all })).rejects.toMatchObject({
      advice: undefined,
    });
  });

  test.each([0, 1, 7])("to where it leads back, behind %i pages, which the next call says", async (lead) => {
    for (const round of [2, 3, 10]) {
      let asked = 0;
      async function ask({ cursor = "0" }: { cursor?: string }) {
        asked++;
        const page = Number(cursor);
        const nextCursor = String(page + 1 < lead + round ? page + 1 : lead);
        return { value: { data: [page], malformed: 0, nextCursor }, serverTime: undefined, sentAt: 0, receivedAt: 0 };
      }
      const walk = async () => {
        let place: { cursor: string | undefined; trail?: Trail } = { cursor: undefined };
        for (;;) {
          const { nextCursor, trail } = await readList({ clock, ask, ...place, limit: 5, fits: all });
          if (nextCursor === null) return;
          place = { cursor: nextCursor, trail };
        }
      };
      await expect(walk()).rejects.toMatchObject({
        kind: "unexpected_response",
        message: expect.stringContaining("leads back to a page"),
      });
      expect(asked).toBeGreaterThanOrEqual(lead + round);
      expect(asked).toBeLessThan(4 * (lead + round));
    }
  });

  test("no further than some pages without an entry, which the next call says", async () => {
    let asked = 0;
    async function ask() {
      const value = { data: [], malformed: 0, nextCursor: String(asked++) };
      return { value, serverTime: undefined, sentAt: 0, receivedAt: 0 };
    }
    let place: { cursor: string; trail?: Trail } = { cursor: "begin" };
    const reading = async () => {
      for (;;) {
        const { nextCursor, trail } = await readList({
          clock,
          ask,
          ...place,
          limit: 5,
          fits: all,
          filter: () => true,
          pages: 5,
        });
        place = { cursor: nextCursor as string, trail };
      }
    };
    await expect(reading()).rejects.toMatchObject({
      kind: "unexpected_response",
      message: expect.stringContaining("empty pages"),
    });
    expect(asked).toBe(20);
  });

  test("as far as there is time, or a page can be had, where few entries pass a filter", async () => {
    const slow = new FakeClock();
    const list = numbers(600);
    const isMatch = (number: number) => number % 150 === 0;
    const read = (ask: typeof list.ask, cursor?: string) =>
      slow.until(readList({ clock: slow, ask, cursor, limit: 5, fits: all, filter: isMatch, pages: 5 }));
    const lazy: typeof list.ask = async (query) => {
      await slow.sleep(6_000);
      return list.ask(query);
    };
    expect(await read(lazy)).toMatchObject({ entries: [150], nextCursor: "200" });
    const failing: typeof list.ask = async (query) => {
      if (query.cursor === "300") throw new WebsetsError("unavailable", { what: "down" });
      return list.ask(query);
    };
    expect(await read(failing)).toMatchObject({ entries: [150, 300], nextCursor: "300" });
    await expect(read(failing, "300")).rejects.toThrow("down");
  });
});
