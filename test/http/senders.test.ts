import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { RequestRate } from "../../src/http/limits.ts";
import { Senders, senderOf } from "../../src/http/senders.ts";
import { FakeClock } from "../support/fake-clock.ts";

describe("a sender of keys that do not work", () => {
  const opened = () => {
    const clock = new FakeClock();
    const senders = new Senders(clock);
    const fail = (times: number, address = "a") => {
      for (let n = 0; n < times; n++) senders.failed(address);
    };
    /** How long a request waits, in milliseconds; the seconds to come again after where it is sent away. */
    async function wait(address = "a") {
      const from = clock.now();
      let waited: number | string | undefined;
      void senders.pause(address, new AbortController().signal).then((seconds) => {
        waited = seconds === undefined ? clock.now() - from : `after ${seconds} s`;
      });
      for (let n = 0; n < 200 && waited === undefined; n++) await clock.advance(n === 0 ? 0 : 100);
      return waited;
    }
    return { clock, senders, fail, wait };
  };

  test("waits longer each time, up to a bound, and nobody else does", async () => {
    const { fail, wait } = opened();
    fail(2);
    expect(await wait()).toBe(0);
    fail(1);
    expect(await wait()).toBe(500);
    fail(2);
    expect(await wait()).toBe(2_000);
    fail(100);
    expect(await wait()).toBe(8_000);
    expect(await wait("b")).toBe(0);
  });

  test("is forgiven in time", async () => {
    const { clock, fail, wait } = opened();
    fail(9);
    await clock.advance(600_000);
    expect(await wait()).toBe(0);
  });

  test("cannot have any number of requests wait", async () => {
    const { clock, senders, fail, wait } = opened();
    fail(9);
    const gone = Array.from({ length: 16 }, () => new AbortController());
    const paused = gone.map(({ signal }) => senders.pause("a", signal).catch(() => "gone"));
    expect(await wait()).toBe("after 8 s");
    for (const one of gone) one.abort();
    expect(new Set(await Promise.all(paused))).toEqual(new Set(["gone"]));
    expect(await wait()).toBe(8_000);
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
