import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Transport } from "../../src/exa/http.ts";
import { byToken, readTokens } from "../../src/http/keys.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { A_KEY, B_KEY, messagesOf, openHttp } from "./support.ts";

const call = (name: string, args: object = {}) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name, arguments: args },
});

test("in mode token callers get what their token's key gets, and the key is told to nobody", async () => {
  const hash = createHash("sha256").update("a token").digest("hex");
  const asked: string[] = [];
  const { post, entries, lines } = await openHttp({
    identify: byToken(readTokens(JSON.stringify({ [hash]: "KEY_OF_SALES" }), { KEY_OF_SALES: B_KEY })),
    via:
      () =>
      async ({ headers }) => {
        asked.push(headers["x-api-key"] ?? "");
        return { status: 401, headers: {}, body: JSON.stringify({ error: `no ${B_KEY}`, requestId: "r" }) };
      },
  });
  const answers = await messagesOf(
    await post(call("list_websets"), { "x-exa-api-key": "", authorization: "Bearer other" }),
  );
  expect(answers).toMatchObject([{ error: { message: expect.stringContaining("does not know that token") } }]);
  expect(asked).toEqual([]);

  const known = await messagesOf(await post(call("list_websets"), { "x-exa-api-key": "", "x-api-key": "a token" }));
  expect(asked.length).toBeGreaterThan(0);
  expect(new Set(asked)).toEqual(new Set([B_KEY]));
  expect(known[0].result.content[0].text).toMatch(
    /^unauthorized: .*the Exa API key that this server has for your token/,
  );
  const seen = JSON.stringify([answers, known, entries, lines]);
  for (const secret of [B_KEY, "a token"]) expect(seen).not.toContain(secret);
  expect(entries.at(-1)?.tenant).toBe("KEY_OF_SALES");
});

/** A clock that stands still, and how long each pause was that somebody began. */
function observedClock() {
  const clock = new FakeClock();
  const slept: number[] = [];
  const observed = Object.assign(Object.create(clock) as FakeClock, {
    now: () => clock.now(),
    wallTime: () => clock.wallTime(),
    sleep(ms: number, signal?: AbortSignal) {
      if ([500, 1_000, 2_000].includes(ms)) slept.push(ms);
      return clock.sleep(ms, signal);
    },
  });
  const untilSlept = async (times: number) => {
    while (slept.length < times) await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, observed, slept, untilSlept };
}

/** The API knows these keys only. */
const knowing =
  (...keys: string[]) =>
  (inner: Transport): Transport =>
  (request) =>
    keys.includes(request.headers["x-api-key"] ?? "")
      ? inner(request)
      : Promise.resolve({ status: 401, headers: {}, body: '{"error":"no","requestId":"r"}' });

test("whoever tries many keys is slowed down, and nobody whose key works", async () => {
  const { clock, observed, slept, untilSlept } = observedClock();
  const { post } = await openHttp({ clock: observed, via: knowing(A_KEY) });
  const good = async () => (await messagesOf(await post(call("list_websets"))))[0].result;
  const bad = (key: string) => post(call("list_websets"), { "x-exa-api-key": key });
  expect(await good()).toHaveProperty("structuredContent");
  for (const key of ["wrong-key-one", "wrong-key-two", "wrong-key-three"]) await messagesOf(await bad(key));
  expect(slept).toEqual([]);
  const fourth = bad("wrong-key-four");
  await untilSlept(1);
  expect(slept).toEqual([500]);
  expect(await good()).toHaveProperty("structuredContent");
  await clock.advance(500);
  expect((await messagesOf(await fourth))[0].result.content[0].text).toMatch(
    /^unauthorized: .*the Exa API key that this client sends/,
  );
});

test("a good key waits for others at its address once, and only for what the API is asked", async () => {
  const { clock, observed, slept, untilSlept } = observedClock();
  const { post } = await openHttp({ clock: observed, via: knowing(A_KEY) });
  for (const key of ["one", "two", "three"]) {
    await messagesOf(await post(call("list_websets"), { "x-exa-api-key": `wrong-key-${key}` }));
  }
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
  const asked: [string, object][] = [
    ["initialize", params],
    ["ping", {}],
    ["tools/list", {}],
    ["prompts/list", {}],
    ["resources/list", {}],
    ["resources/read", { uri: "websets://event-types" }],
    ["resources/read", { uri: "websets://event-types/webset.created" }],
  ];
  for (const [method, params] of asked) {
    expect(await messagesOf(await post({ jsonrpc: "2.0", id: 1, method, params }))).toMatchObject([{ result: {} }]);
  }
  expect(slept).toEqual([]);
  const first = post(call("list_websets"));
  await untilSlept(1);
  await clock.advance(500);
  for (const answer of [await first, await post(call("list_websets"))]) {
    expect((await messagesOf(answer))[0].result).toHaveProperty("structuredContent");
  }
  expect(slept).toEqual([500]);
});

test("who repeats one wrong key slows down that key alone", async () => {
  const { clock, observed, slept, untilSlept } = observedClock();
  const { post } = await openHttp({ clock: observed, via: knowing(A_KEY) });
  const wrong = (message: object) => post(message, { "x-exa-api-key": "wrong-key" });
  for (let n = 0; n < 3; n++) await messagesOf(await wrong(call("list_websets")));
  // What asks nothing of the API is no further failure.
  for (let n = 0; n < 5; n++) await messagesOf(await wrong({ jsonrpc: "2.0", id: 1, method: "tools/list" }));
  const fourth = wrong(call("list_websets"));
  await untilSlept(1);
  expect((await messagesOf(await post(call("list_websets"))))[0].result).toHaveProperty("structuredContent");
  await clock.advance(500);
  await messagesOf(await fourth);
  expect(slept).toEqual([500]);
});

test("a token of the operator's is good at once, whatever others at its address send and its key is worth", async () => {
  const { clock, observed, slept, untilSlept } = observedClock();
  const hash = createHash("sha256").update("a token").digest("hex");
  const { post } = await openHttp({
    identify: byToken(readTokens(JSON.stringify({ [hash]: "KEY_OF_SALES" }), { KEY_OF_SALES: B_KEY })),
    clock: observed,
    via: knowing(A_KEY),
  });
  const send = (token: string, message: object) => post(message, { "x-exa-api-key": "", "x-api-key": token });
  for (const token of ["one", "two", "three"]) expect((await send(token, call("list_websets"))).status).toBe(401);
  for (let n = 0; n < 4; n++) {
    const [told] = await messagesOf(await send("a token", call("list_websets")));
    expect(told.result.content[0].text).toMatch(/^unauthorized: .*has for your token/);
  }
  const fourth = send("four", { jsonrpc: "2.0", id: 1, method: "tools/list" });
  await untilSlept(1);
  expect((await send("a token", { jsonrpc: "2.0", id: 1, method: "tools/list" })).status).toBe(200);
  await clock.advance(500);
  expect((await fourth).status).toBe(401);
  const fifth = send("five", call("list_websets"));
  await untilSlept(2);
  await clock.advance(1_000);
  expect((await fifth).status).toBe(401);
  // One and the same again is what somebody has mistyped.
  expect((await send("five", call("list_websets"))).status).toBe(401);
  expect(slept).toEqual([500, 1_000]);
});
