import { getEventListeners } from "node:events";
import { beforeEach, expect, test } from "vitest";
import { createRequestBudget } from "../../src/exa/budget.ts";
import { type CallOptions, createExaClient, type ExaClientOptions, type RetryNotice } from "../../src/exa/client.ts";
import { ResponseTooLargeError } from "../../src/exa/http.ts";
import { sentenceForAgent, WebsetsError } from "../../src/shared/errors.ts";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { json, never, type Step, scriptedTransport } from "./scripted-transport.ts";

const KEY = "exa-test-key-1234";
const WEBSET = json({ id: "ws_1", status: "idle" });
const BUSY = { status: 503 };

let clock: FakeClock;
let retries: RetryNotice[];

beforeEach(() => {
  clock = new FakeClock();
  retries = [];
});

function setUp(steps: Step[], more: Partial<ExaClientOptions> = {}) {
  const transport = scriptedTransport(clock, ...steps);
  const client = createExaClient({
    upstreamClock: new UpstreamClock(clock),
    baseUrl: new URL("https://api.exa.ai"),
    apiKey: KEY,
    transport,
    clock,
    version: "1.2.3",
    random: () => 0,
    onRetry: (notice) => retries.push(notice),
    ...more,
  });
  return { client, transport };
}

/** The error of a call, with the clock moved as far as the call needs. */
async function failure(call: Promise<unknown>): Promise<WebsetsError> {
  const error = await clock.until(
    call.then(
      () => new Error("the call succeeded"),
      (reason: unknown) => reason,
    ),
  );
  expect(error).toBeInstanceOf(WebsetsError);
  return error as WebsetsError;
}

test("a request carries the key, the version and what it accepts, and nothing else", async () => {
  const { client, transport } = setUp([WEBSET]);
  await client.getWebset("ws_1");
  expect(transport.requests).toMatchObject([{ method: "GET" }]);
  expect(transport.requests[0]?.headers).toEqual({
    "x-api-key": KEY,
    accept: "application/json",
    "user-agent": "websets-events-mcp/1.2.3",
  });
});

test("each call asks at its own path", async () => {
  const { client, transport } = setUp([
    json({ id: "x", status: "y", type: "z", createdAt: "2026-11-01", data: [], concurrency: {} }),
  ]);
  await client.listEvents({});
  await client.getEvent("evt_1");
  await client.getWebset("ws_1");
  await client.getSearch("ws_1", "s_1");
  await client.getMonitor("m_1");
  await client.listItems("ws_1", { limit: 5, cursor: "c" });
  await client.getItem("ws_1", "i_1");
  await client.getTeam();
  expect(transport.requests.map(({ url }) => url.href)).toEqual([
    "https://api.exa.ai/websets/v0/events",
    "https://api.exa.ai/websets/v0/events/evt_1",
    "https://api.exa.ai/websets/v0/websets/ws_1",
    "https://api.exa.ai/websets/v0/websets/ws_1/searches/s_1",
    "https://api.exa.ai/websets/v0/monitors/m_1",
    "https://api.exa.ai/websets/v0/websets/ws_1/items?limit=5&cursor=c",
    "https://api.exa.ai/websets/v0/websets/ws_1/items/i_1",
    "https://api.exa.ai/websets/v0/teams/me",
  ]);
});

test("the base URL's own path comes first", async () => {
  const { client, transport } = setUp([WEBSET], { baseUrl: new URL("http://127.0.0.1:4010/gateway/") });
  await client.getWebset("ws_1");
  expect(transport.requests[0]?.url.href).toBe("http://127.0.0.1:4010/gateway/websets/v0/websets/ws_1");
});

test("a query's list is sent as a repeated key, and what is missing is not sent", async () => {
  const { client, transport } = setUp([json({ data: [] })]);
  const createdAfter = "2026-11-01T12:00:00.000Z";
  await client.listEvents({ types: ["webset.idle", "webset.paused"], createdAfter, limit: 200, cursor: "a&b=c" });
  const parameters = [...(transport.requests[0]?.url.searchParams ?? [])];
  expect(parameters).toEqual([
    ["types", "webset.idle"],
    ["types", "webset.paused"],
    ["createdAfter", createdAfter],
    ["limit", "200"],
    ["cursor", "a&b=c"],
  ]);
});

test("an id stays in its own segment of the path", async () => {
  const { client, transport } = setUp([WEBSET]);
  await client.getWebset("my webset?a=1#b%2f..é");
  expect(transport.requests[0]?.url.pathname).toBe("/websets/v0/websets/my%20webset%3Fa%3D1%23b%252f..%C3%A9");
  expect(transport.requests[0]?.url.search).toBe("");
});

test("a refused id is refused before any request, by the name of its parameter", async () => {
  const { client, transport } = setUp([WEBSET]);
  const error = await failure(client.getSearch("ws_1", ".."));
  expect(error).toMatchObject({ kind: "invalid_request" });
  expect(error.message).toContain("searchId");
  expect(transport.requests).toHaveLength(0);
});

test("an answer says when it was asked for, when it came and what time it was there", async () => {
  const slow: Step = async () => {
    await clock.sleep(120);
    return {
      status: 200,
      headers: { date: "Sun, 01 Nov 2026 11:50:00 GMT" },
      body: '{"id":"ws_1","status":"idle"}',
    };
  };
  const { client } = setUp([BUSY, slow]);
  const answer = await clock.until(client.getWebset("ws_1"));
  expect(answer).toEqual({
    value: expect.objectContaining({ id: "ws_1", status: "idle" }),
    serverTime: Date.parse("2026-11-01T11:50:00Z"),
    sentAt: 250,
    receivedAt: 370,
  });
});

test("an answer without a usable Date has no server time", async () => {
  const { client } = setUp([json({ id: "ws_1", status: "idle" }, { headers: { date: "just now" } })]);
  expect((await client.getWebset("ws_1")).serverTime).toBeUndefined();
});

test("without a key every call says so and nothing is sent, whatever the id", async () => {
  for (const apiKey of [undefined, ""]) {
    const { client, transport } = setUp([WEBSET], { apiKey });
    const calls = [
      client.listEvents({}),
      client.getEvent(".."),
      client.getWebset("ws_1"),
      client.getSearch("ws_1", "s_1"),
      client.getMonitor("m_1"),
      client.getTeam(),
    ];
    for (const error of await Promise.all(calls.map(failure))) {
      expect(sentenceForAgent(error)).toMatch(/^missing_key: .*EXA_API_KEY/);
    }
    expect(transport.requests).toHaveLength(0);
  }
});

test("passing trouble is tried again with growing delays, and each retry is told", async () => {
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  const { client, transport } = setUp([BUSY, reset, { body: "<html>" }, WEBSET]);
  await clock.until(client.getWebset("ws_1"));
  expect(transport.requests.map(({ at }) => at)).toEqual([0, 250, 750, 1750]);
  expect(retries.map(({ attempt, delayMs, error }) => [attempt, delayMs, error.kind])).toEqual([
    [1, 250, "unavailable"],
    [2, 500, "unavailable"],
    [3, 1000, "unexpected_response"],
  ]);
});

test("after four attempts the last error is the call's", async () => {
  const { client, transport } = setUp([BUSY, BUSY, BUSY, { status: 502, headers: { "x-request-id": "req_4" } }]);
  expect(await failure(client.getWebset("ws_1"))).toMatchObject({
    kind: "unavailable",
    status: 502,
    requestId: "req_4",
  });
  expect(transport.requests).toHaveLength(4);
});

test("the caller may ask for fewer attempts", async () => {
  const { client, transport } = setUp([BUSY]);
  await failure(client.getWebset("ws_1", { attempts: 1 }));
  expect(transport.requests).toHaveLength(1);
});

test.each([400, 401, 402, 403, 404, 409, 422, 302, 418])("status %i is not tried again", async (status) => {
  const { client, transport } = setUp([{ status }, WEBSET]);
  await failure(client.getWebset("ws_1"));
  expect(transport.requests).toHaveLength(1);
});

test("an answer that is too large is not tried again, and can be told from others", async () => {
  const { client, transport } = setUp([new ResponseTooLargeError(32 * 2 ** 20), WEBSET]);
  const error = await failure(client.listEvents({ limit: 200 }));
  expect(error).toBeInstanceOf(ResponseTooLargeError);
  expect(error.message).toContain("32 MiB");
  expect(transport.requests).toHaveLength(1);
});

test("a mistake of ours is not taken for bad weather", async () => {
  const { client, transport } = setUp([new TypeError("x is not a function")]);
  await expect(client.getWebset("ws_1")).rejects.toThrow(TypeError);
  expect(transport.requests).toHaveLength(1);
});

test("Retry-After is waited for", async () => {
  const { client, transport } = setUp([{ status: 429, headers: { "retry-after": "4" } }, WEBSET]);
  await clock.until(client.getWebset("ws_1"));
  expect(transport.requests.map(({ at }) => at)).toEqual([0, 4000]);
});

test("a long Retry-After is told at once instead of being waited for unseen", async () => {
  const { client, transport } = setUp([{ status: 429, headers: { "retry-after": "60" } }]);
  const error = await failure(client.getWebset("ws_1"));
  expect(error).toMatchObject({ kind: "rate_limited", retryAfterMs: 60_000 });
  expect(transport.requests).toHaveLength(1);
  expect(clock.now()).toBe(0);
});

test("a call without a deadline is over 25 s after it was sent, and what it waited in the queue does not count", async () => {
  const budget = createRequestBudget(clock, { requestsPerSecond: 0.05, burst: 1 });
  const { client, transport } = setUp([WEBSET, never], { budget });
  await clock.until(client.getWebset("ws_1"));
  const error = await failure(client.getWebset("ws_2"));
  expect(error.kind).toBe("unavailable");
  expect(transport.requests.map(({ at }) => at)).toEqual([0, 20_000]);
  expect(clock.now()).toBe(45_000);
  expect(transport.requests[1]?.signal.aborted).toBe(true);
});

test("a Retry-After date counts from the answer's own Date, not from our clock", async () => {
  const headers = { "retry-after": "Sat, 01 Jan 2000 00:00:05 GMT", date: "Sat, 01 Jan 2000 00:00:02 GMT" };
  const { client, transport } = setUp([{ status: 503, headers }, WEBSET]);
  await clock.until(client.getWebset("ws_1"));
  expect(transport.requests.map(({ at }) => at)).toEqual([0, 3000]);
});

test("a Retry-After date without a Date counts from the Date of an earlier answer", async () => {
  const dated = json({ id: "ws_1", status: "idle" }, { headers: { date: "Sat, 01 Jan 2000 00:00:00 GMT" } });
  const limited = { status: 429, headers: { "retry-after": "Sat, 01 Jan 2000 00:00:12 GMT" } };
  const { client, transport } = setUp([dated, limited, WEBSET]);
  await client.getWebset("ws_1");
  await clock.advance(8_000);
  await clock.until(client.getWebset("ws_1"));
  expect(transport.requests.map(({ at }) => at)).toEqual([0, 8_000, 12_000]);
});

test("a Retry-After date that nothing but our own clock puts far ahead is not believed", async () => {
  // Our clock is 10 minutes slow: the API means 2 s.
  const date = new Date(clock.wallTime() + 602_000).toUTCString();
  const { client, transport } = setUp([{ status: 429, headers: { "retry-after": date } }, WEBSET]);
  await clock.until(client.getWebset("ws_1"));
  expect(transport.requests.map(({ at }) => at)).toEqual([0, 250]);
});

test("when the next try would come too late the call gives up at once, with the time to wait", async () => {
  const { client, transport } = setUp([{ status: 429, headers: { "retry-after": "30" } }]);
  const error = await failure(client.getWebset("ws_1", { deadline: 10_000 }));
  expect(error).toMatchObject({ kind: "rate_limited", retryAfterMs: 30_000 });
  expect(transport.requests).toHaveLength(1);
  expect(clock.now()).toBe(0);
});

test("an answer that does not come by the deadline is unavailable, exactly then", async () => {
  const { client, transport } = setUp([never]);
  const error = await failure(client.getWebset("ws_1", { deadline: 1500 }));
  expect(error.kind).toBe("unavailable");
  expect(clock.now()).toBe(1500);
  expect(transport.requests[0]?.signal.aborted).toBe(true);
});

test("a call past its deadline says what went wrong before", async () => {
  const { client } = setUp([BUSY, never]);
  const error = await failure(client.getWebset("ws_1", { deadline: 1500 }));
  expect(error.message).toContain("503");
  expect(clock.now()).toBe(1500);
});

test("why nothing is answered is known for as long as nothing is", async () => {
  const { client, transport } = setUp([BUSY, never, never, { status: 404, body: '{"error":"no"}' }, never, WEBSET]);
  transport.wayTo = ({ host }) => `${host} through the proxy p.example`;
  expect(client.lastError()).toBeUndefined();
  const call = client.getWebset("ws_1", { deadline: 1_500 }).catch(() => {});
  await clock.advance(100);
  expect(client.lastError()?.message).toContain("(503)");
  await clock.until(call);
  expect(client.lastError()?.message).toContain("(503)");
  const caller = new AbortController();
  const aborted = client.getWebset("ws_1", { signal: caller.signal }).catch(() => {});
  await clock.advance(0);
  caller.abort();
  await aborted;
  expect(client.lastError()?.message).toContain("(503)");
  await failure(client.getWebset("ws_1"));
  expect(client.lastError()).toBeUndefined();
  const stalled = await failure(client.getWebset("ws_1", { deadline: clock.now() + 1_000 }));
  expect(client.lastError()?.message).toBe(stalled.message);
  expect(stalled.message).toBe(
    'the API did not answer for Webset "ws_1" in the time there was (asked at api.exa.ai through the proxy p.example)',
  );
  await client.getWebset("ws_1");
  expect(client.lastError()).toBeUndefined();
});

test("a pause that was asked for is why nothing is answered, also where what was sent before it is answered then", async () => {
  const slow: Step = async () => {
    await clock.sleep(500);
    return { status: 200, headers: {}, body: "", ...WEBSET };
  };
  const { client } = setUp([slow, { status: 429, headers: { "retry-after": "12" } }, never]);
  const sentBefore = client.getWebset("ws_2");
  await failure(client.getWebset("ws_1"));
  await clock.until(sentBefore);
  expect(client.lastError()?.kind).toBe("rate_limited");
  await clock.advance(600_000);
  expect(client.lastError()).toBeUndefined();
  void client.getWebset("ws_3").catch(() => {});
  await clock.advance(6_000);
  expect(client.lastError()?.message).toMatch(/^the API did not answer/);
});

test("a deadline that has passed sends nothing", async () => {
  await clock.advance(100);
  const { client, transport } = setUp([WEBSET]);
  expect(await failure(client.getWebset("ws_1", { deadline: 100 }))).toMatchObject({ kind: "unavailable" });
  expect(transport.requests).toHaveLength(0);
});

test("a call that waits its turn past the deadline says that nothing was asked", async () => {
  const budget = createRequestBudget(clock, { requestsPerSecond: 1, burst: 1 });
  const { client, transport } = setUp([WEBSET], { budget });
  await client.getWebset("ws_1");
  const error = await failure(client.getWebset("ws_1", { deadline: 500 }));
  expect(error.message).toBe(
    'the request for Webset "ws_1" waited in our own queue until its time was up, and was not sent',
  );
  expect(clock.now()).toBe(500);
  expect(transport.requests).toHaveLength(1);
});

test("a retry that waits its turn past the deadline says so, and what went wrong before", async () => {
  const budget = createRequestBudget(clock, { requestsPerSecond: 1, burst: 1 });
  const { client, transport } = setUp([BUSY, WEBSET], { budget });
  const error = await failure(client.getWebset("ws_1", { deadline: 800 }));
  expect(error.message).toMatch(/our own queue.*before that.*\(503\)/);
  expect(clock.now()).toBe(800);
  expect(transport.requests).toHaveLength(1);
});

test.each<[string, Step[], number]>([
  ["an answer", [never], 100],
  ["a retry", [BUSY, WEBSET], 100],
])("the caller's abort ends a call that waits for %s", async (_, steps, after) => {
  const { client, transport } = setUp(steps);
  const caller = new AbortController();
  const call = client.getWebset("ws_1", { signal: caller.signal, deadline: 60_000 });
  call.catch(() => {});
  await clock.advance(after);
  caller.abort(new Error("a reason of the caller's own"));
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
  expect(transport.requests[0]?.signal.aborted).toBe(true);
  await clock.advance(0);
  expect(clock.sleeping).toBe(0);
  expect(getEventListeners(caller.signal, "abort")).toHaveLength(0);
});

test("the caller's abort ends a call that waits its turn, and nothing is sent for it", async () => {
  const budget = createRequestBudget(clock, { requestsPerSecond: 1, burst: 1 });
  const { client, transport } = setUp([WEBSET], { budget });
  await client.getWebset("ws_1");
  const caller = new AbortController();
  const call = client.getWebset("ws_1", { signal: caller.signal });
  await clock.advance(100);
  caller.abort();
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
  await clock.advance(5000);
  expect(transport.requests).toHaveLength(1);
  expect(clock.sleeping).toBe(0);
});

test("an abort while an error is being read is still an abort", async () => {
  const caller = new AbortController();
  const aborting = {
    get status() {
      caller.abort();
      return 401;
    },
    headers: {},
    body: "",
  };
  const { client } = setUp([async () => aborting]);
  await expect(client.getWebset("ws_1", { signal: caller.signal })).rejects.toMatchObject({ name: "AbortError" });
});

test("a signal that was aborted before sends nothing", async () => {
  const { client, transport } = setUp([WEBSET]);
  await expect(client.getWebset("ws_1", { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  expect(transport.requests).toHaveLength(0);
});

test.each<[string, Step[]]>([
  ["succeeds", [WEBSET]],
  ["succeeds after retries", [BUSY, BUSY, WEBSET]],
  ["fails", [{ status: 401 }]],
  ["runs out of attempts", [BUSY]],
  ["runs into its deadline", [never]],
])("a call that %s leaves no listener and no timer behind", async (_, steps) => {
  const { client } = setUp(steps);
  const caller = new AbortController();
  await clock.until(client.getWebset("ws_1", { signal: caller.signal, deadline: 20_000 }).catch(() => {}));
  await clock.advance(0);
  expect(getEventListeners(caller.signal, "abort")).toHaveLength(0);
  expect(clock.sleeping).toBe(0);
});

test("retries are counted by the budget like any request", async () => {
  const budget = createRequestBudget(clock, { requestsPerSecond: 1, burst: 1 });
  const { client, transport } = setUp([BUSY, WEBSET], { budget });
  await clock.until(client.getWebset("ws_1"));
  expect(transport.requests.map(({ at }) => at)).toEqual([0, 1000]);
});

test("requests of different groups take turns", async () => {
  const budget = createRequestBudget(clock, { requestsPerSecond: 1, burst: 1 });
  const { client, transport } = setUp([WEBSET], { budget });
  const ask = (id: string, options: CallOptions) => client.getWebset(id, options);
  await clock.until(
    Promise.all([ask("x", {}), ask("a1", { group: "a" }), ask("a2", { group: "a" }), ask("b1", { group: "b" })]),
  );
  expect(transport.requests.map(({ url }) => url.pathname.split("/").at(-1))).toEqual(["x", "a1", "b1", "a2"]);
});

test("one malformed event does not lose its page", async () => {
  const event = { id: "evt_1", type: "webset.idle", createdAt: "2026-11-01T12:00:00Z", data: {} };
  const { client } = setUp([json({ data: [event, { id: "evt_2" }], hasMore: true, nextCursor: "c" })]);
  const { value } = await client.listEvents({});
  expect(value).toMatchObject({ events: [{ id: "evt_1" }], malformed: 1, hasMore: true, nextCursor: "c" });
});

test.each([
  [
    "a page of HTML",
    { body: "<!doctype html><p>secret", headers: { "content-type": "text/html", "x-request-id": "req_1" } },
  ],
  ["no JSON", { body: '{"id": "ws_1', headers: { "x-request-id": "req_1" } }],
  ["an empty body", { body: "", headers: { "x-request-id": "req_1" } }],
  ["JSON of another shape", { body: '{"secret": true}', headers: { "x-request-id": "req_1" } }],
])(
  "%s with a good status is an unexpected response that keeps the request's id and quotes nothing",
  async (_, answer) => {
    const { client, transport } = setUp([answer]);
    const error = await failure(client.getWebset("ws_1"));
    expect(error).toMatchObject({ kind: "unexpected_response", status: 200, requestId: "req_1" });
    expect(error.message).not.toContain("secret");
    expect(transport.requests).toHaveLength(4);
  },
);

test("an unknown event is not found, and the advice knows of the 60 days", async () => {
  const { client } = setUp([json({ error: "Not Found", message: "secret" }, { status: 404 })]);
  const sentence = sentenceForAgent(await failure(client.getEvent("evt_1")));
  expect(sentence).toMatch(/^not_found: .*evt_1.*60 days/);
  expect(sentence).not.toContain("secret");
});

test.each([
  [
    "https://api.exa.ai",
    /^not_found: .*the list of Websets \(404\)\. Call again in a moment: every account has this list\.$/,
  ],
  ["https://api.exa.ai/websets/", /^not_found: .*; if it stays, take the path \/websets out of EXA_BASE_URL\.$/],
])("a list that is not there is an accident, or there is no API below the path: %s", async (baseUrl, says) => {
  const { client } = setUp([{ ...json({ message: "Cannot GET", error: "Not Found" }), status: 404 }], {
    baseUrl: new URL(baseUrl),
  });
  const error = await failure(client.listWebsets({}));
  expect(error.isAboutList).toBe(true);
  expect(sentenceForAgent(error)).toMatch(says);
});
