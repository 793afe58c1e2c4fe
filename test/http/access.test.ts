import { createHash } from "node:crypto";
import { expect, test } from "vitest";
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

test("whoever sends keys that do not work is slowed down, and nobody whose key works", async () => {
  const clock = new FakeClock();
  const slept: number[] = [];
  const observed = Object.assign(Object.create(clock) as FakeClock, {
    now: () => clock.now(),
    wallTime: () => clock.wallTime(),
    sleep(ms: number, signal?: AbortSignal) {
      if (ms >= 500 && ms <= 8_000 && ms !== 1_000) slept.push(ms);
      return clock.sleep(ms, signal);
    },
  });
  const { post } = await openHttp({
    clock: observed,
    via: (inner) => (request) =>
      request.headers["x-api-key"] === A_KEY
        ? inner(request)
        : Promise.resolve({ status: 401, headers: {}, body: '{"error":"no","requestId":"r"}' }),
  });
  const good = async () => (await messagesOf(await post(call("list_websets"))))[0].result;
  const bad = (key: string) => post(call("list_websets"), { "x-exa-api-key": key });
  expect(await good()).toHaveProperty("structuredContent");
  for (const key of ["wrong-key-one", "wrong-key-two", "wrong-key-three"]) await messagesOf(await bad(key));
  expect(slept).toEqual([]);
  const fourth = bad("wrong-key-four");
  while (slept.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(slept).toEqual([500]);
  expect(await good()).toHaveProperty("structuredContent");
  await clock.advance(500);
  expect((await messagesOf(await fourth))[0].result.content[0].text).toMatch(
    /^unauthorized: .*the Exa API key that this client sends/,
  );
});
