import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { RequestRate } from "../../src/http/limits.ts";
import { Senders, senderOf } from "../../src/http/senders.ts";
import type { Clock } from "../../src/shared/clock.ts";
import { FakeClock } from "../support/fake-clock.ts";

describe("a sender of keys that do not work", () => {
  const opened = () => {
    const clock = new FakeClock();
    const senders = new Senders(clock);
    let guesses = 0;
    /** Tries so many different keys. */
    const guess = (times: number, address = "a") => {
      for (let n = 0; n < times; n++) senders.failed(address, `guess ${guesses++}`);
    };
    /** Tries one key so often. */
    const repeat = (times: number, key: string) => {
      for (let n = 0; n < times; n++) senders.failed("a", key);
    };
    /** How long a request waits, in milliseconds; the seconds to come again after where it is sent away. */
    async function wait(address = "a", key = `new ${guesses++}`) {
      const from = clock.now();
      let waited: number | string | undefined;
      void senders.pause(address, key, new AbortController().signal).then((seconds) => {
        waited = seconds === undefined ? clock.now() - from : `after ${seconds} s`;
      });
      for (let n = 0; n < 200 && waited === undefined; n++) await clock.advance(n === 0 ? 0 : 100);
      return waited;
    }
    return { clock, senders, guess, repeat, wait };
  };

  test("waits longer with each other key, up to a bound, and nobody else does", async () => {
    const { guess, wait } = opened();
    guess(2);
    expect(await wait()).toBe(0);
    guess(1);
    expect(await wait()).toBe(500);
    guess(2);
    expect(await wait()).toBe(2_000);
    guess(100);
    expect(await wait()).toBe(8_000);
    expect(await wait("b")).toBe(0);
  });

  test("waits longer each time with one and the same key, and others at the address do not", async () => {
    const { repeat, wait } = opened();
    repeat(3, "wrong");
    expect(await wait("a", "wrong")).toBe(500);
    repeat(100, "wrong");
    expect(await wait("a", "wrong")).toBe(8_000);
    expect(await wait("a", "good")).toBe(0);
  });

  test("waits once with a key that turns out not to be wrong", async () => {
    const { guess, repeat, wait } = opened();
    guess(9);
    expect(await wait("a", "good")).toBe(8_000);
    expect(await wait("a", "good")).toBe(0);
    repeat(3, "good");
    expect(await wait("a", "good")).toBe(500);
  });

  test("is forgiven in time", async () => {
    const { clock, guess, wait } = opened();
    guess(9);
    await clock.advance(600_000);
    expect(await wait()).toBe(0);
  });

  test("cannot have any number of requests wait, and those with keys that have failed keep no new one out", async () => {
    const { clock, senders, guess, repeat, wait } = opened();
    guess(9);
    repeat(9, "wrong");
    for (const key of ["wrong", "new"]) {
      const gone = Array.from({ length: 16 }, () => new AbortController());
      const paused = gone.map(({ signal }) => senders.pause("a", key, signal).catch(() => "gone"));
      expect(await wait("a", key)).toBe("after 8 s");
      if (key === "wrong") expect(await wait("a", "another")).toBe(8_000);
      for (const one of gone) one.abort();
      const ends = new Set(await Promise.all(paused));
      expect(ends).toEqual(new Set(key === "new" ? ["gone"] : [undefined]));
    }
    expect(clock.sleeping).toBe(0);
  });
});

describe("the address of a sender", () => {
  const from = (remoteAddress: string, forwarded?: string) =>
    senderOf({
      socket: { remoteAddress },
      headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
    } as unknown as IncomingMessage);

  test.each([
    ["203.0.113.9", undefined, "203.0.113.9"],
    ["::ffff:203.0.113.9", undefined, "203.0.113.9"],
    ["203.0.113.9", "198.51.100.1", "203.0.113.9"],
    ["127.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["::ffff:10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"],
    ["172.18.0.4", "", "172.18.0.4"],
    ["172.32.0.4", "198.51.100.1", "172.32.0.4"],
  ])("%s, forwarded for %s, is %s", (remote, forwarded, expected) => {
    expect(from(remote, forwarded)).toBe(expected);
  });
});

describe("the rate of one key", () => {
  test("takes the first request of anybody, whatever fractions a clock has", () => {
    for (let n = 0; n < 2_000; n++) {
      const clock = { now: () => 66_500_000.123_457 + n * 0.001_003 } as Clock;
      expect(new RequestRate(clock, { requestsPerSecond: 0.001, burst: 1 }).take(1)).toBeUndefined();
    }
  });

  test("lets a burst through, then so many a second", async () => {
    const clock = new FakeClock();
    const rate = new RequestRate(clock, { requestsPerSecond: 2, burst: 4 });
    const taken = (times: number) => Array.from({ length: times }, () => rate.take(1));
    expect(taken(5)).toEqual([undefined, undefined, undefined, undefined, 1]);
    await clock.advance(500);
    expect(taken(2)).toEqual([undefined, 1]);
    await clock.advance(60_000);
    expect(rate.take(5)).toBe(1);
    expect(rate.take(4)).toBeUndefined();
    expect(rate.take(4)).toBe(2);
  });
});
