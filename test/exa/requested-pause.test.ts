import { beforeEach, expect, test } from "vitest";
import { createRequestBudget } from "../../src/exa/budget.ts";
import { type CallOptions, createExaClient } from "../../src/exa/client.ts";
import { isAbort, sentenceForAgent, type WebsetsError } from "../../src/shared/errors.ts";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { json, type Step, scriptedTransport } from "./scripted-transport.ts";

const WEBSET = json({ id: "ws_1", status: "idle" });
const limited = (retryAfter: string, status = 429): Step => ({
  status,
  headers: { "retry-after": retryAfter, "x-request-id": "req_1" },
});

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

function setUp(...steps: Step[]) {
  const transport = scriptedTransport(clock, ...steps);
  const client = createExaClient({
    upstreamClock: new UpstreamClock(clock),
    baseUrl: new URL("https://api.exa.ai"),
    apiKey: "exa-test-key-1234",
    transport,
    clock,
    version: "1.2.3",
    random: () => 0,
    budget: createRequestBudget(clock),
  });
  const ask = (options: CallOptions = {}) =>
    client.getWebset("ws_1", options).then(
      () => "answered",
      (error: WebsetsError) => error,
    );
  return { client, ask, times: () => transport.requests.map(({ at }) => at) };
}

test("a pause that the API asks for holds for every request, until it is over", async () => {
  const { client, ask, times } = setUp(limited("60"), WEBSET, json({ data: [] }));
  await ask();
  for (let at = 0; at < 60_000; at += 10_000) {
    expect(await ask()).toMatchObject({ kind: "rate_limited", retryAfterMs: 60_000 - at, requestId: "req_1" });
    await expect(client.listEvents({})).rejects.toMatchObject({ kind: "rate_limited" });
    await clock.advance(10_000);
  }
  expect(times()).toEqual([0]);
  expect(await ask()).toBe("answered");
  await client.listEvents({});
  expect(times()).toEqual([0, 60_000, 60_000]);
});

test("who is refused for it learns that nothing was sent, and how long it lasts", async () => {
  const { ask } = setUp(limited("60"));
  await ask();
  await clock.advance(12_300);
  const sentence = sentenceForAgent((await ask()) as WebsetsError);
  expect(sentence).toMatch(/^rate_limited: .*\(429\).*nothing was sent\. The API asks to wait 48 s\./);
});

test("a 503 asks for a pause as a 429 does, and stays unavailable", async () => {
  const { ask, times } = setUp(limited("30", 503), WEBSET);
  await ask();
  expect(await ask()).toMatchObject({ kind: "unavailable", retryAfterMs: 30_000 });
  expect(times()).toEqual([0]);
});

test.each([500, 502, 404])("a Retry-After with status %i is nobody else's business", async (status) => {
  const { ask } = setUp(limited("30", status), WEBSET);
  await ask();
  expect(await ask()).toBe("answered");
});

test("a refusal that names no time keeps nobody back", async () => {
  const { ask } = setUp({ status: 429 }, WEBSET);
  await ask({ attempts: 1 });
  expect(await ask()).toBe("answered");
});

test("a short pause is waited for", async () => {
  const { ask, times } = setUp(limited("4"), WEBSET);
  await ask({ attempts: 1 });
  await clock.advance(500);
  expect(await clock.until(ask())).toBe("answered");
  expect(times()).toEqual([0, 4_000]);
});

test("a short pause that ends after the call's deadline is told at once", async () => {
  const { ask, times } = setUp(limited("4"), WEBSET);
  await ask({ attempts: 1 });
  expect(await ask({ deadline: 4_000 })).toMatchObject({ kind: "rate_limited", retryAfterMs: 4_000 });
  expect(clock.now()).toBe(0);
  expect(times()).toEqual([0]);
});

test("one answer keeps others back for a minute at most, whatever it says to whom it was given", async () => {
  const { ask, times } = setUp(limited("3600"), WEBSET);
  expect(await ask()).toMatchObject({ retryAfterMs: 3_600_000 });
  expect(await ask()).toMatchObject({ retryAfterMs: 60_000 });
  await clock.advance(60_000);
  expect(await ask()).toBe("answered");
  expect(times()).toEqual([0, 60_000]);
});

test("a shorter pause asked for later does not shorten the one that is on", async () => {
  const late: Step = async () => {
    await clock.sleep(1_000);
    return { status: 429, headers: { "retry-after": "10" }, body: "" };
  };
  const { ask, times } = setUp(late, limited("60"), WEBSET);
  const first = ask({ attempts: 1 });
  await ask();
  await clock.until(first);
  await clock.advance(50_000);
  expect(await ask()).toMatchObject({ retryAfterMs: 9_000 });
  expect(times()).toEqual([0, 0]);
});

test("a request that leaves the queue during a pause is not sent, and the budget is kept when it is over", async () => {
  const { ask, times } = setUp(limited("3"), WEBSET);
  const calls = Array.from({ length: 40 }, () => ask({ attempts: 2 }));
  expect(await clock.until(Promise.all(calls))).toEqual(Array(40).fill("answered"));
  // The burst was on its way before the answer came.
  const [first = [], rest = []] = [times().slice(0, 10), times().slice(10)];
  expect(first).toEqual(Array(10).fill(0));
  expect(rest[0]).toBeGreaterThanOrEqual(3_000);
  for (const [index, at] of rest.entries()) {
    expect(rest.filter((other) => other >= at && other < at + 1_000).length, `${index}`).toBeLessThanOrEqual(15);
  }
});

test("the caller's abort ends a call that waits for the end of a pause", async () => {
  const { ask } = setUp(limited("4"), WEBSET);
  await ask({ attempts: 1 });
  const caller = new AbortController();
  const call = ask({ signal: caller.signal });
  await clock.advance(100);
  caller.abort();
  expect(isAbort(await call)).toBe(true);
  await clock.advance(0);
  expect(clock.sleeping).toBe(0);
});
