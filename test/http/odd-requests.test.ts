import { connect } from "node:net";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { A_KEY, messagesOf, openHttp } from "./support.ts";

const HEADERS = `host: localhost\r\nx-api-key: ${A_KEY}\r\ncontent-type: application/json\r\naccept: */*\r\nconnection: close\r\n`;
const post = (body: string, more = "") =>
  `POST /mcp HTTP/1.1\r\n${HEADERS}${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const ping = (id: number) => ({ jsonrpc: "2.0", id, method: "ping" });
const listen = {
  jsonrpc: "2.0",
  id: 1,
  method: "subscriptions/listen",
  params: {
    notifications: { resourceSubscriptions: Array.from({ length: 101 }, (_, n) => `websets://websets/w${n}/progress`) },
    _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" },
  },
};

/** What is answered to bytes, as they are. */
function answerTo(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    // A connection that is cut has been answered before, or never will be.
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    socket.write(bytes);
  });
}

test.each([
  [
    "two lengths",
    `POST /mcp HTTP/1.1\r\n${HEADERS}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["no host", "POST /mcp HTTP/1.1\r\n\r\n", 400],
  [
    "another server's address",
    "GET http://evil.example/metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    404,
  ],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
  ["a method nobody uses", `TRACE /mcp HTTP/1.1\r\n${HEADERS}\r\n`, 405],
  ["nothing", post(""), 400],
  ["lists without end", post("[".repeat(500_000)), 400],
  [
    "objects without end",
    post(`{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(90_000)}1${"}".repeat(90_001)}`),
    200,
  ],
  ["a list of nothing", post(JSON.stringify(Array.from({ length: 100_000 }, () => 1))), 400],
  ["a list of too much", post(JSON.stringify(Array.from({ length: 10_000 }, (_, n) => ping(n)))), 400],
  ["more to watch than may ever be", post(JSON.stringify(listen)), 400],
  ["a session nobody gave", post(JSON.stringify(ping(1)), `mcp-session-id: ${"s".repeat(8_000)}\r\n`), 200],
])("%s is answered, and the server lives on", async (_, bytes, status) => {
  const { url, post: ask } = await openHttp();
  expect(await answerTo(Number(new URL(url).port), bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(await messagesOf(await ask(ping(2), { "x-exa-api-key": "another-key" }))).toMatchObject([
    { id: 2, result: {} },
  ]);
});

/** A stream of updates, on a connection that others may follow on. */
const updates = `GET /mcp HTTP/1.1\r\nhost: localhost\r\nx-api-key: ${A_KEY}\r\naccept: text/event-stream\r\nmcp-session-id: s-of-n\r\n\r\n`;

test("requests that are sent ahead on a connection are answered in turn, and end with it", async () => {
  const { url, origin } = await openHttp();
  const port = Number(new URL(url).port);
  const ready = "GET /ready HTTP/1.1\r\nhost: localhost\r\n\r\n";
  const last = ready.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
  expect((await answerTo(port, ready + last)).match(/"ready"/g)).toHaveLength(2);
  const socket = connect(port, "127.0.0.1");
  socket.write([1, 2, 3].map((n) => updates.replace("s-of-n", `s${n}`)).join(""));
  const streams = async () => /_streams (\d+)/.exec(await (await fetch(`${origin}/metrics`)).text())?.[1];
  await eventually(async () => (await streams()) === "1");
  socket.destroy();
  await eventually(async () => (await streams()) === "0");
});

test("who goes before an answer counts as gone, and not as answered", async () => {
  const { url, entries } = await openHttp();
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(post("{}").slice(0, -1));
  await new Promise((resolve) => setImmediate(resolve));
  await eventually(() => socket.bytesWritten > 0);
  socket.end();
  await eventually(() => entries.length === 1);
  expect(entries).toMatchObject([{ status: 499, cut: true }]);
});

test("a refusal stands under the id as the client wrote it", async () => {
  const { post: ask } = await openHttp({ limits: { burst: 1, requestsPerSecond: 0.001 } });
  const subscribe = '{"jsonrpc":"2.0","id":1.50,"method":"resources/subscribe","params":{"uri":"websets://a"}}';
  for (const status of [400, 429]) {
    const refused = await ask(subscribe);
    expect([refused.status, await refused.text()]).toEqual([status, expect.stringMatching(/"id":1\.50\}\n$/)]);
  }
});

test("what breaks lines in an answer keeps it from nothing: it is one line, under its own id and without the key", async () => {
  const { post: ask } = await openHttp();
  const name = `a\u0085b\u2028c\u2029d ${A_KEY}`;
  const call = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "tools/call", params: { name } });
  const answer = await (await ask(call.replace('"id":0', '"id":1.50'))).text();
  expect(answer).not.toMatch(/[\u0085\u2028\u2029]/);
  expect(answer).not.toContain(A_KEY);
  const told = /^data: (.*)$/m.exec(answer)?.[1] ?? "";
  expect(told).toContain('"id":1.50');
  expect(JSON.parse(told).error.message).toContain("a\u0085b\u2028c\u2029d [key]");
});

test("requests of one id in a list have an answer each", async () => {
  const { post: ask } = await openHttp();
  const call = (name: string) => ({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } });
  const answers = await messagesOf(await ask([ping(1), call("list_websets"), call("nothing"), ping(2)]));
  expect(answers.map(({ id }) => id).sort()).toEqual([1, 1, 1, 2]);
});

test("what nobody can serve counts among the requests of a second, as do streams", async () => {
  const { post: ask, url } = await openHttp({ limits: { burst: 3, requestsPerSecond: 0.001 } });
  const invalid = { jsonrpc: "1.0", id: 1 };
  expect((await ask([invalid, invalid])).status).toBe(400);
  const open = () =>
    answerTo(Number(new URL(url).port), updates.replace("event-stream", "event-stream\r\nconnection: close"));
  void open();
  await eventually(async () => (await ask("{")).status === 429);
  expect(await open()).toMatch(/^HTTP\/1.1 429 /);
});

test("a body without end is refused only after it: who sends it reads no sooner", async () => {
  const { url } = await openHttp();
  const long = post("a".repeat(2 ** 22)).replace("connection: close\r\n", "");
  const answer = await answerTo(Number(new URL(url).port), long + post(JSON.stringify(ping(1))));
  expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 200"]);
});
