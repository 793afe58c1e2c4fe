import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { dial } from "../../src/exa/connections.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** What each address does: connects after so many milliseconds, or fails with a code after them. */
type Ways = Record<string, { after: number; fails?: string }>;

function dialing(ways: Ways, abort = new AbortController()) {
  const clock = new FakeClock();
  const tried: { address: string; at: number }[] = [];
  const aborted: string[] = [];
  const closed: string[] = [];
  const resolve = async () => Object.keys(ways).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  const attempt = async (address: string, _port: number, signal: AbortSignal) => {
    tried.push({ address, at: clock.now() });
    signal.addEventListener("abort", () => aborted.push(address));
    const { after, fails } = ways[address] ?? { after: 0 };
    await clock.sleep(after, signal);
    if (fails !== undefined) throw Object.assign(new Error(fails), { code: fails });
    return { address, destroy: () => closed.push(address) } as unknown as Socket;
  };
  const result = dial("api.exa.test", 443, { clock, signal: abort.signal, resolve, attempt });
  result.catch(() => {});
  return { clock, tried, aborted, closed, result };
}

const NEVER = 3_600_000;

test("an address that takes longer than its head start still wins where the other one leads nowhere", async () => {
  for (const [slow, dead] of [
    ["2001:db8::1", "192.0.2.1"],
    ["192.0.2.1", "2001:db8::1"],
  ] as const) {
    for (const order of [
      [slow, dead],
      [dead, slow],
    ] as const) {
      const ways = Object.fromEntries(order.map((address) => [address, { after: address === slow ? 900 : NEVER }]));
      const { clock, result, tried, aborted } = dialing(ways);
      await expect(clock.until(result)).resolves.toMatchObject({ address: slow });
      expect(tried.map(({ at }) => at)).toEqual([0, 250]);
      expect(aborted).toContain(dead);
      await clock.advance(0);
      expect(clock.sleeping).toBe(0);
    }
  }
});

test("the families take turns, and one that fails at once costs no time", async () => {
  const fails = "ENETUNREACH";
  const ways = {
    "::1": { after: 0, fails },
    "::2": { after: 0, fails },
    "1.1.1.1": { after: 5 },
    "1.1.1.2": { after: 5 },
  };
  const { clock, result, tried } = dialing(ways);
  await expect(clock.until(result)).resolves.toMatchObject({ address: "1.1.1.1" });
  expect(tried).toEqual([
    { address: "::1", at: 0 },
    { address: "1.1.1.1", at: 0 },
  ]);
});

test("where one connects, no other is tried; of two that connect together one is closed", async () => {
  const one = dialing({ "::1": { after: 249 }, "1.1.1.1": { after: 0 } });
  await one.clock.until(one.result);
  expect(one.tried).toHaveLength(1);
  const two = dialing({ "::1": { after: 300 }, "1.1.1.1": { after: 50 } });
  await expect(two.clock.until(two.result)).resolves.toMatchObject({ address: "::1" });
  expect([...two.closed, ...two.aborted]).toContain("1.1.1.1");
});

test("where all fail, all their errors come in one", async () => {
  const { clock, result } = dialing({
    "::1": { after: 5, fails: "ENETUNREACH" },
    "1.1.1.1": { after: 700, fails: "ECONNREFUSED" },
  });
  await expect(clock.until(result)).rejects.toMatchObject({
    errors: [{ code: "ENETUNREACH" }, { code: "ECONNREFUSED" }],
  });
});

test("an abort ends all attempts", async () => {
  const abort = new AbortController();
  const { clock, result, tried, aborted } = dialing({ "::1": { after: NEVER }, "1.1.1.1": { after: NEVER } }, abort);
  await clock.advance(1000);
  abort.abort();
  await expect(result).rejects.toMatchObject({ name: "AbortError" });
  expect(aborted).toEqual(tried.map(({ address }) => address));
  await clock.advance(0);
  expect(clock.sleeping).toBe(0);
});

test("a name that does not resolve and a port that refuses are told by Node's codes", async () => {
  const { signal } = new AbortController();
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const refused = dial("127.0.0.1", port, { clock: systemClock, signal });
  await expect(refused).rejects.toMatchObject({ errors: [{ code: "ECONNREFUSED" }] });
  const unknown = dial("nowhere.invalid", port, { clock: systemClock, signal });
  await expect(unknown).rejects.toMatchObject({ code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) });
});

test("many addresses are no leak of listeners, of which Node would warn", async () => {
  const dead = Array.from({ length: 20 }, (_, n) => [`192.0.2.${n}`, { after: 0, fails: "ENETUNREACH" }]);
  const { clock, tried, result } = dialing(Object.fromEntries(dead));
  await expect(clock.until(result)).rejects.toMatchObject({ name: "AggregateError" });
  expect(tried).toHaveLength(20);
});
