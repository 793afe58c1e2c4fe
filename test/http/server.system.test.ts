import { request } from "node:http";
import { describe, expect, test } from "vitest";
import type { Transport } from "../../src/exa/http.ts";
import { eventually } from "../support/eventually.ts";
import { A_KEY, B_KEY, messagesOf, openHttp } from "./support.ts";

const rpc = (method: string, params: object = {}, id: number | string = 1) => ({ jsonrpc: "2.0", id, method, params });
const call = (name: string, args: object = {}, id: number | string = 1) =>
  rpc("tools/call", { name, arguments: args }, id);

/** A request as it is written, whose Host need not be where it goes. */
function raw(url: string, { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> }) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const sent = request(url, { method, headers }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    });
    sent.on("error", reject).end();
  });
}

describe("who may call", () => {
  test("a request without a key is told where to put it, and not sent through OAuth", async () => {
    const { post } = await openHttp();
    const response = await post(rpc("ping"), { "x-exa-api-key": "" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await response.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32_000 } });
  });

  test("a key in the URL is none, and stands in no log", async () => {
    const { url, entries, lines } = await openHttp();
    const response = await fetch(`${url}?exaApiKey=${A_KEY}&x-api-key=${A_KEY}`, { method: "POST", body: "{}" });
    expect(response.status).toBe(401);
    await eventually(() => entries.length === 1);
    expect(JSON.stringify([entries, lines])).not.toContain(A_KEY);
    expect(entries).toMatchObject([{ http: "POST", path: "/mcp", status: 401 }]);
  });

  test.each([["/mcp"], ["/metrics"], ["/health"], ["/"]])("nobody under a foreign Host at %s", async (path) => {
    const { origin } = await openHttp();
    expect(await raw(`${origin}${path}`, { headers: { host: "evil.example" } })).toMatchObject({ status: 403 });
    const isThere = await raw(`${origin}${path}`, { headers: { host: "localhost:1" } });
    expect(isThere.status).not.toBe(403);
  });

  test("pages of an allowed origin, with what browsers ask before they send a key", async () => {
    const page = "https://app.example.com";
    const { url, post } = await openHttp({ allowedOrigins: [page] });
    const asked = await fetch(url, { method: "OPTIONS", headers: { origin: page } });
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-headers")).toContain("x-exa-api-key");
    const answered = await post(rpc("ping"), { origin: page });
    expect(answered.status).toBe(200);
    expect(answered.headers.get("access-control-allow-origin")).toBe(page);
    expect((await post(rpc("ping"), { origin: "https://evil.example" })).status).toBe(403);
    expect((await fetch(url, { method: "OPTIONS", headers: { origin: "https://evil.example" } })).status).toBe(403);
  });
});

describe("what is asked", () => {
  test.each([
    ["is no path of ours", "GET", "/other", 404],
    ["reads without a session", "GET", "/mcp", 405],
    ["puts", "PUT", "/mcp", 405],
    ["posts to a page", "POST", "/health", 405],
  ])("%s: %s %s is answered with %i", async (_, method, path, status) => {
    const { origin } = await openHttp();
    const response = await fetch(origin + path, { method, headers: { "x-exa-api-key": A_KEY } });
    expect(response.status).toBe(status);
  });

  test("in a form that is not JSON is answered with 415", async () => {
    const { post } = await openHttp();
    expect((await post(rpc("ping"), { "content-type": "text/plain" })).status).toBe(415);
    expect((await post(rpc("ping"), { "content-encoding": "gzip" })).status).toBe(415);
  });

  test("that is too long is answered with 413, however it comes", async () => {
    const { post, url } = await openHttp();
    const long = JSON.stringify(rpc("ping", { text: "a".repeat(2 ** 20) }));
    expect((await post(long)).status).toBe(413);
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let n = 0; n < long.length; n += 2 ** 16) controller.enqueue(Buffer.from(long.slice(n, n + 2 ** 16)));
        controller.close();
      },
    });
    const streamed = { method: "POST", body: pieces, duplex: "half" } as RequestInit;
    const headers = { "content-type": "application/json", "x-exa-api-key": A_KEY };
    expect((await fetch(url, { ...streamed, headers })).status).toBe(413);
  });

  test("with headers that are too long is answered with 431", async () => {
    const { post } = await openHttp();
    expect((await post(rpc("ping"), { "x-long": "a".repeat(20_000) })).status).toBe(431);
  });

  test.each([
    ["a byte order mark", `\uFEFF${JSON.stringify(rpc("ping"))}`],
    ["null in the place of params", { ...rpc("ping"), params: null }],
    ["a list in the place of params", { ...rpc("ping"), params: [] }],
  ])("with %s is understood", async (_, body) => {
    const { post } = await openHttp();
    expect(await messagesOf(await post(body))).toEqual([{ jsonrpc: "2.0", id: 1, result: {} }]);
  });

  test("by a program that takes anything is answered", async () => {
    const { post } = await openHttp();
    expect(await messagesOf(await post(rpc("ping"), { accept: "*/*" }))).toEqual([
      { jsonrpc: "2.0", id: 1, result: {} },
    ]);
  });

  test("under an id that JavaScript cannot count is answered under it", async () => {
    const { post } = await openHttp();
    const text = await (await post('{"jsonrpc":"2.0","id":90071992547409931,"method":"ping"}')).text();
    expect(text).toContain('"id":90071992547409931}');
  });

  test("wrongly is explained under its id", async () => {
    const { post } = await openHttp();
    const wrong = await post(rpc("tools/call", { name: 5 }, 7));
    expect(wrong.status).toBe(200);
    expect(await wrong.json()).toMatchObject({
      id: 7,
      error: { code: -32_602, message: expect.stringContaining("name") },
    });
    const broken = await post("{");
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ id: null, error: { code: -32_700 } });
  });

  test("several times at once is answered once each, as before 2025-06-18", async () => {
    const { post } = await openHttp();
    const messages = await messagesOf(
      await post([rpc("ping", {}, "a"), { jsonrpc: "2.0", id: "b" }, rpc("ping", {}, "c")]),
    );
    expect(messages.map(({ id }) => id).sort()).toEqual(["a", "b", "c"]);
  });

  test("by nobody, as an answer to nothing, is taken in silence", async () => {
    const { post } = await openHttp();
    expect((await post({ jsonrpc: "2.0", id: 1, result: {} })).status).toBe(202);
  });
});

describe("a wait", () => {
  test("sends its headers and a first byte at once", async () => {
    const { post } = await openHttp();
    const leave = new AbortController();
    const response = await post(call("wait_for_webset_event", { timeoutSeconds: 20 }));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toBe(": \n\n");
    leave.abort();
  });
});

describe("too much", () => {
  test("at a time is answered with 429 for this key, and for no other", async () => {
    const { post } = await openHttp({ limits: { calls: 2 } });
    const wait = call("wait_for_webset_event", { timeoutSeconds: 20 });
    const open = [await post(wait), await post(wait)];
    const refused = await post(call("list_websets", {}, 5));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ id: 5, error: { message: expect.stringMatching(/^rate_limited: /) } });
    expect((await post(rpc("ping"), { "x-exa-api-key": B_KEY })).status).toBe(200);
    await open[0]?.body?.cancel();
    await eventually(async () => (await post(rpc("ping"))).status === 200);
  });

  test("a second is answered with 429, in batches, too", async () => {
    const { post } = await openHttp({ limits: { requestsPerSecond: 1, burst: 3 } });
    expect((await post([rpc("ping", {}, 1), rpc("ping", {}, 2)])).status).toBe(200);
    const refused = await post([rpc("ping", {}, 1), rpc("ping", {}, 2)]);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
  });
});

describe("the pages for operators", () => {
  test("say how it is, in numbers over all keys", async () => {
    const { origin, post } = await openHttp();
    expect(await (await fetch(`${origin}/health`)).json()).toMatchObject({ status: "ok" });
    expect((await fetch(`${origin}/ready`)).status).toBe(200);
    await messagesOf(await post(call("list_websets")));
    const waiting = await post(call("wait_for_webset_event", { timeoutSeconds: 20 }), { "x-exa-api-key": B_KEY });
    const page = await eventually(async () => {
      const text = await (await fetch(`${origin}/metrics`)).text();
      return text.includes("\nwebsets_events_mcp_calls 1\n") && text;
    });
    expect(page).toContain("\nwebsets_events_mcp_tenants 2\n");
    expect(page).toContain('\nwebsets_events_mcp_tool_calls_total{tool="list_websets"} 1\n');
    expect(page).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[\w.-]+"\})? [\d.]+)$/m);
    for (const key of [A_KEY, B_KEY]) expect(page).not.toContain(key.slice(0, 8));
    await waiting.body?.cancel();
  });
});

describe("the access log", () => {
  test("tells what was asked and how it was answered, and nothing that the caller wrote", async () => {
    const { entries, post, origin } = await openHttp();
    const marks = ["marked-cursor", "marked-query", "marked-tool", "marked-method", "marked-path"];
    await messagesOf(await post(call("wait_for_webset_event", { after: marks[0], types: [marks[1]] })));
    await messagesOf(await post(call(marks[2] ?? "")));
    await messagesOf(await post(rpc(marks[3] ?? "")));
    await fetch(`${origin}/${marks[4]}?${marks[1]}`);
    await eventually(() => entries.length === 4);
    expect(entries).toMatchObject([
      { http: "POST", path: "/mcp", status: 200, era: "2025", method: "tools/call", tool: "wait_for_webset_event" },
      { method: "tools/call", tool: "other" },
      { method: "other" },
      { http: "GET", path: "other", status: 404 },
    ]);
    expect(entries[0]?.tenant).toMatch(/^[0-9a-f]{12}$/);
    expect(entries[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    const text = JSON.stringify(entries);
    for (const mark of [...marks, A_KEY, A_KEY.slice(0, 8)]) expect(text).not.toContain(mark);
  });
});

describe("when the process ends", () => {
  test("waits return what they have with their cursor, and new calls are sent elsewhere", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const via =
      (inner: Transport): Transport =>
      (request) =>
        held.then(() => inner(request));
    const { post, server, origin, sandbox } = await openHttp({ via });
    const { id } = sandbox.world.createWebset({ search: { query: "x", count: 500 } });
    const events = post(call("wait_for_webset_event", { timeoutSeconds: 25, types: ["webset.export.created"] }));
    const webset = post(call("wait_for_webset", { websetId: id, until: "idle", timeoutSeconds: 25 }));
    const answers = await Promise.all([events, webset]);
    const closing = server.close();
    expect((await fetch(`${origin}/ready`)).status).toBe(503);
    expect((await fetch(`${origin}/health`)).status).toBe(200);
    const refused = await post(call("list_websets"));
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("2");
    release();
    const told = (await Promise.all(answers.map(messagesOf))).flat();
    const results = told.map(({ result }) => result.structuredContent);
    expect(results).toMatchObject([
      { outcome: expect.stringMatching(/^(behind|quiet)$/), cursor: expect.any(String) },
      { outcome: "still_running", cursor: expect.any(String) },
    ]);
    for (const { next } of results) expect(next).toContain("about to stop");
    await closing;
    await expect(fetch(`${origin}/health`)).rejects.toThrow();
  });
});
