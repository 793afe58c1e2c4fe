import { connect } from "node:net";
import { expect, test } from "vitest";
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
  ["a list of too much", post(JSON.stringify(Array.from({ length: 10_000 }, (_, n) => ping(n)))), 429],
  ["more to watch than may be", post(JSON.stringify(listen)), 429],
  ["a session nobody gave", post(JSON.stringify(ping(1)), `mcp-session-id: ${"s".repeat(8_000)}\r\n`), 200],
])("%s is answered, and the server lives on", async (_, bytes, status) => {
  const { url, post: ask } = await openHttp();
  expect(await answerTo(Number(new URL(url).port), bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(await messagesOf(await ask(ping(2), { "x-exa-api-key": "another-key" }))).toMatchObject([
    { id: 2, result: {} },
  ]);
});
