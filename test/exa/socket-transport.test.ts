import { getEventListeners, once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createSocketServer, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { createExaClient } from "../../src/exa/client.ts";
import type { HttpRequest } from "../../src/exa/http.ts";
import { ResponseTooLargeError } from "../../src/exa/http.ts";
import { createSocketTransport, type SocketTransportOptions } from "../../src/exa/socket-transport.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import { FakeClock } from "../support/fake-clock.ts";

const endings: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function listening(server: Server): Promise<URL> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const serve = (listener: RequestListener) => listening(createServer(listener));

/** A server that speaks to the bare socket once a request came. */
async function serveSocket(speak: (socket: Socket, first: string) => void, sockets = new Set<Socket>()): Promise<URL> {
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", (first) => speak(socket, first.toString("latin1")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

function transportOf(options: SocketTransportOptions = {}) {
  const transport = createSocketTransport(options);
  endings.push(() => transport.close());
  return transport;
}

const get = (url: URL, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  url,
  headers: { "x-api-key": "exa-test-key" },
  signal: new AbortController().signal,
  ...more,
});

test("what speaks HTTP is loaded by the first request, not with the program", () => {
  const folder = new URL("../../src/exa/", import.meta.url);
  const importers = readdirSync(folder).filter((file) =>
    /^import (?!type).*from "node:(https?|net|tls|dns|zlib)/m.test(readFileSync(new URL(file, folder), "utf8")),
  );
  expect(importers.sort()).toEqual(["body.ts", "connections.ts"]);
  const first = readFileSync(new URL("socket-transport.ts", folder), "utf8");
  expect(first.match(/import\("\.\/.*"\)/g)).toEqual(['import("./connections.ts")']);
  expect(first).not.toMatch(/^import (?!type).*(body|connections)\.ts/m);
});

test("an answer comes with its status, its headers in lower case and its text", async () => {
  const url = await serve((_, response) => {
    response.writeHead(404, { "X-Request-Id": "req_1", "X-Twice": ["a", "b"] }).end('{"é":"日本"}');
  });
  const answer = await transportOf()(get(url));
  expect(answer).toMatchObject({ status: 404, body: '{"é":"日本"}' });
  expect(answer.headers).toMatchObject({ "x-request-id": "req_1", "x-twice": "a, b" });
  expect(Date.parse(answer.headers.date ?? "")).not.toBeNaN();
});

test("path, query and headers arrive as they were given", async () => {
  let seen: IncomingMessage | undefined;
  const url = await serve((request, response) => {
    seen = request;
    response.end();
  });
  await transportOf()(get(new URL("websets/v0/events/a%2Fb?types=a&types=b", url)));
  expect(seen?.method).toBe("GET");
  expect(seen?.url).toBe("/websets/v0/events/a%2Fb?types=a&types=b");
  expect(seen?.headers["x-api-key"]).toBe("exa-test-key");
});

test("requests one after another share a connection", async () => {
  const ports = new Set<number | undefined>();
  const url = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.end("{}");
  });
  const transport = transportOf();
  for (let i = 0; i < 3; i++) {
    await transport(get(url));
    // A connection is free again one turn after its answer's end.
    await setImmediate();
  }
  expect(ports.size).toBe(1);
});

test("a compressed answer is asked for and decompressed", async () => {
  const text = JSON.stringify({ content: "page text ".repeat(10_000) });
  let asked: string | string[] | undefined;
  const url = await serve((request, response) => {
    asked = request.headers["accept-encoding"];
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(text));
  });
  expect((await transportOf()(get(url))).body).toBe(text);
  expect(asked).toBe("gzip");
});

test.each<[string, RequestListener]>([
  ["says so in its header", (_, response) => response.writeHead(200, { "content-length": 1001 }).end("x".repeat(1001))],
  ["says nothing of it", (_, response) => response.writeHead(200).end("x".repeat(1001))],
  [
    "unpacks to it",
    (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(1001))),
  ],
])("an answer over the limit that %s is too large", async (_, listener) => {
  const url = await serve(listener);
  const error = await transportOf({ maxResponseBytes: 1000 })(get(url)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ResponseTooLargeError);
  expect(error).toMatchObject({ kind: "unexpected_response", limit: 1000, unit: "bytes" });
});

test("an answer of exactly the limit is accepted", async () => {
  const url = await serve((_, response) => response.end("x".repeat(1000)));
  expect((await transportOf({ maxResponseBytes: 1000 })(get(url))).body).toHaveLength(1000);
});

test.each([
  ["lists", "[],"],
  ["numbers", "1,1,"],
  ["objects", '{"":1},'],
])("an answer of very many small %s is too large, long before its bytes are", async (_, parts) => {
  const body = `{"data":[${parts.repeat(250_000)}1]}`;
  for (const headers of [{}, { "content-encoding": "gzip" }]) {
    const url = await serve((_, response) => {
      response.writeHead(200, headers).end("content-encoding" in headers ? gzipSync(body) : body);
    });
    const error = await transportOf()(get(url)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ResponseTooLargeError);
    expect(error).toMatchObject({ kind: "unexpected_response", limit: 500_000, unit: "parts" });
    expect((error as Error).message).toBe("the API's answer is larger than 500,000 keys and values");
  }
});

test("a page of 200 fat items with long texts is accepted", async () => {
  const enrichment = {
    object: "enrichment_result",
    status: "completed",
    format: "text",
    result: ["a, b"],
    reasoning: null,
  };
  const references = [{ title: "One, two: {three}", snippet: 'Said "[four]", \\', url: "https://example.com/a,b" }];
  const item = {
    properties: {
      type: "company",
      company: { name: "Acme, Inc." },
      content: "Prose, with commas: many [of] them. ".repeat(3_000),
    },
    evaluations: Array(10).fill({ criterion: "is", reasoning: "x, y", satisfied: "yes", references }),
    enrichments: Array(30).fill({ ...enrichment, references: Array(5).fill(references[0]) }),
  };
  const body = JSON.stringify({ data: Array(200).fill({ id: "evt_1", type: "webset.item.created", data: item }) });
  const url = await serve((_, response) => response.end(body));
  expect((await transportOf()(get(url))).body).toHaveLength(body.length);
});

test("a bomb of compressed data is not unpacked beyond the limit", async () => {
  const bomb = gzipSync(Buffer.alloc(256 * 2 ** 20), { level: 9 });
  expect(bomb.length).toBeLessThan(2 ** 20);
  const url = await serve((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb));
  const before = process.memoryUsage().arrayBuffers;
  await expect(transportOf()(get(url))).rejects.toBeInstanceOf(ResponseTooLargeError);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 2 ** 20);
});

test("an endless answer is cut off, and its connection closed", async () => {
  let closed: Promise<unknown> | undefined;
  const url = await serve((_, response) => {
    const more = () => {
      while (response.writable && response.write("x".repeat(1000)));
    };
    response.on("drain", more);
    response.on("error", () => {});
    closed = once(response, "close");
    more();
  });
  await expect(transportOf({ maxResponseBytes: 100_000 })(get(url))).rejects.toBeInstanceOf(ResponseTooLargeError);
  await closed;
});

test("an error with an endless page still tells its status", async () => {
  const url = await serve((_, response) => response.writeHead(503).end("x".repeat(1_000_000)));
  expect(await transportOf()(get(url))).toMatchObject({ status: 503, body: "" });
});

test("an error whose body is cut short still tells its status", async () => {
  const url = await serveSocket((socket) =>
    socket.end("HTTP/1.1 429 x\r\nretry-after: 3\r\ncontent-length: 50\r\n\r\nab"),
  );
  expect(await transportOf()(get(url))).toMatchObject({ status: 429, headers: { "retry-after": "3" } });
});

const PLAIN = '{"é":"日本"}';

test.each<[string, Buffer | string]>([
  ["", PLAIN],
  [" ", PLAIN],
  ["identity", PLAIN],
  ["utf-8", PLAIN],
  ["UTF8", PLAIN],
  ["none", PLAIN],
  ["aws-chunked", PLAIN],
  ["gzip", gzipSync(PLAIN)],
  ["x-gzip", gzipSync(PLAIN)],
  ["GZip, identity", gzipSync(PLAIN)],
  ["utf-8, gzip", gzipSync(PLAIN)],
  ["deflate", deflateSync(PLAIN)],
  ["br", brotliCompressSync(PLAIN)],
  ["br, gzip", gzipSync(brotliCompressSync(PLAIN))],
])("an answer with the content encoding %j is read", async (encoding, body) => {
  const url = await serve((_, response) => response.writeHead(200, { "content-encoding": encoding }).end(body));
  expect((await transportOf()(get(url))).body).toBe(PLAIN);
});

test.each(["zstd", "compress", "gzip, gzip, gzip"])(
  "an answer with the content encoding %j is refused",
  async (encoding) => {
    const url = await serve((_, response) => response.writeHead(200, { "content-encoding": encoding }).end("{}"));
    await expect(transportOf()(get(url))).rejects.toMatchObject({ kind: "unexpected_response" });
  },
);

test("what unpacks in two steps is limited in each", async () => {
  const bomb = gzipSync(brotliCompressSync(Buffer.alloc(2 ** 20)));
  expect(bomb.length).toBeLessThan(1000);
  const url = await serve((_, response) => response.writeHead(200, { "content-encoding": "br, gzip" }).end(bomb));
  await expect(transportOf({ maxResponseBytes: 1000 })(get(url))).rejects.toBeInstanceOf(ResponseTooLargeError);
});

test.each(["100 Continue", "102 Processing", "103 Early Hints", "199 Whatever"])(
  "an answer that is announced by %s is read",
  async (line) => {
    const url = await serveSocket((socket) => {
      const info = `HTTP/1.1 ${line}\r\nlink: </x>; rel=preload\r\n\r\n`;
      socket.write(`${info}${info}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}`);
    });
    expect(await transportOf()(get(url))).toMatchObject({ status: 200, body: "{}" });
  },
);

test("a switch to another protocol, which nobody asked for, is trouble", async () => {
  const url = await serveSocket((socket) =>
    socket.write("HTTP/1.1 101 x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
  );
  await expect(transportOf()(get(url))).rejects.toMatchObject({ kind: "unavailable" });
});

test("a byte order mark does not spoil the JSON", async () => {
  const url = await serve((_, response) => response.end("\ufeff{}"));
  expect((await transportOf()(get(url))).body).toBe("{}");
});

test("a redirect is not followed, and the other host sees nothing", async () => {
  let visits = 0;
  const other = await serve((_, response) => {
    visits++;
    response.end("{}");
  });
  const url = await serve((_, response) => response.writeHead(302, { location: other.href }).end());
  expect((await transportOf()(get(url))).status).toBe(302);
  const client = createExaClient({
    upstreamClock: new UpstreamClock(systemClock),
    baseUrl: url,
    apiKey: "exa-test-key",
    transport: transportOf(),
    clock: systemClock,
    version: "0",
  });
  await expect(client.getWebset("ws_1")).rejects.toMatchObject({
    kind: "unexpected_response",
    status: 302,
    message: `the API answered with a redirect to ${other.host} (302), which is not followed`,
  });
  expect(visits).toBe(0);
});

test.each<[string, (socket: Socket) => void, object]>([
  ["a reset before the headers", (socket) => socket.resetAndDestroy(), { kind: "unavailable" }],
  ["a connection closed before the headers", (socket) => socket.end(), { kind: "unavailable" }],
  [
    "a reset after the headers",
    (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", () => socket.resetAndDestroy()),
    { kind: "unavailable" },
  ],
  [
    "a body shorter than announced",
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"data":'),
    { kind: "unavailable" },
  ],
  [
    "a chunked body without its end",
    (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{"data":\r\n'),
    { kind: "unavailable" },
  ],
  [
    "compressed data without its end",
    (socket) => {
      const part = gzipSync("x".repeat(5000)).subarray(0, 25);
      socket.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 25\r\n\r\n");
      socket.end(part);
    },
    { kind: "unavailable" },
  ],
  [
    "compressed data that is none",
    (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}"),
    { kind: "unexpected_response" },
  ],
  ["something that is not HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"), { kind: "unexpected_response" }],
])("%s is told in words, as trouble of the right kind", async (_, speak, expected) => {
  const url = await serveSocket(speak);
  const error = await transportOf()(get(url)).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "WebsetsError", ...expected });
  expect((error as Error).message).not.toMatch(/UND_ERR|HPE|undefined/);
});

test("headers that never come and a body that stalls are told with the time that was allowed", async () => {
  const silent = await serveSocket(() => {});
  const stalling = await serveSocket((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"));
  await expect(transportOf({ timeouts: { headers: 20 } })(get(silent))).rejects.toMatchObject({
    kind: "unavailable",
    message: `${silent.host}: connected, but no answer began within 0.02 s`,
  });
  await expect(transportOf({ timeouts: { body: 30 } })(get(stalling))).rejects.toMatchObject({
    kind: "unavailable",
    message: `${stalling.host}: the answer stalled for 0.03 s`,
  });
});

test("a body that trickles ends after the whole time allowed", async () => {
  let begun = () => {};
  const beginning = new Promise<void>((resolve) => (begun = resolve));
  const url = await serveSocket((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", begun);
    const trickle = setInterval(() => socket.write("x"), 2);
    socket.on("close", () => clearInterval(trickle));
  });
  const clock = new FakeClock();
  const call = transportOf({ clock })(get(url));
  call.catch(() => {});
  await beginning;
  await clock.advance(60_000);
  await expect(call).rejects.toMatchObject({
    kind: "unavailable",
    message: `${url.host}: the answer was not complete after 60 s`,
  });
});

test("a refused connection is unavailable", async () => {
  const url = await serve(() => {});
  for (const end of endings.splice(0)) await end();
  await expect(transportOf()(get(url))).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining("refused"),
  });
});

test("an abort reaches the socket, and rejects as an abort", async () => {
  let arrived: (request: IncomingMessage) => void = () => {};
  const arrival = new Promise<IncomingMessage>((resolve) => (arrived = resolve));
  const url = await serve((request) => arrived(request));
  const caller = new AbortController();
  const call = transportOf()(get(url, { signal: caller.signal }));
  const closed = once((await arrival).socket, "close");
  caller.abort();
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
  await closed;
});

test("an abort in the middle of a body reaches the socket", async () => {
  let closed: Promise<unknown> | undefined;
  const caller = new AbortController();
  const url = await serve((_, response) => {
    closed = once(response, "close");
    response.writeHead(200, { "content-length": 5000 });
    response.write("x", () => setImmediate().then(() => caller.abort()));
  });
  await expect(transportOf()(get(url, { signal: caller.signal }))).rejects.toMatchObject({ name: "AbortError" });
  await closed;
});

test("no listener stays on the signal of a request that is over", async () => {
  const url = await serve((request, response) => {
    if (request.url === "/bad") request.socket.destroy();
    else response.end("{}");
  });
  const { signal } = new AbortController();
  const transport = transportOf();
  for (let i = 0; i < 5; i++) {
    await transport(get(url, { signal }));
    await transport(get(new URL("/bad", url), { signal })).catch(() => {});
  }
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("closing ends what is in flight and refuses what comes later", async () => {
  let arrived: (request: IncomingMessage) => void = () => {};
  const arrival = new Promise<IncomingMessage>((resolve) => (arrived = resolve));
  const url = await serve((request) => arrived(request));
  const transport = transportOf();
  const call = transport(get(url));
  call.catch(() => {});
  const closed = once((await arrival).socket, "close");
  await transport.close();
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
  await expect(transport(get(url))).rejects.toMatchObject({ name: "AbortError" });
  await closed;
});

test("closing what was never used is nothing", async () => {
  await expect(createSocketTransport().close()).resolves.toBeUndefined();
});

test("preparing opens no connection, and says nothing of a proxy that cannot be used: the first request does", async () => {
  const broken = createSocketTransport({ proxies: { httpsProxy: "no proxy" } });
  broken.prepare();
  await expect(broken(get(new URL("https://example.com/")))).rejects.toThrow();
  const closed = createSocketTransport();
  closed.prepare();
  await expect(closed.close()).resolves.toBeUndefined();
});

/** A proxy that opens tunnels, and counts them; it sends every tunnel to one place. */
async function proxyTo(target: () => URL) {
  const tunnels: string[] = [];
  const ends = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(500).end());
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    tunnels.push(request.url ?? "");
    const onward = connect(Number(target().port), target().hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) {
      end.on("error", () => {});
      endings.push(() => end.destroy());
      ends.add(end);
    }
  });
  /** What a restart does to them. */
  const closeTunnels = () => {
    for (const end of ends) end.destroy();
  };
  return { url: await listening(server), tunnels, closeTunnels };
}

test("a proxy is used for other hosts, never for loopback", async () => {
  const url = await serve((_, response) => response.end('{"from":"target"}'));
  const proxy = await proxyTo(() => url);
  const transport = transportOf({ proxies: { httpProxy: proxy.url.href } });
  await transport(get(url));
  expect(proxy.tunnels).toEqual([]);
  const answer = await transport(get(new URL("http://api.exa.test/websets")));
  expect(answer.body).toBe('{"from":"target"}');
  expect(proxy.tunnels).toEqual(["api.exa.test:80"]);
});

test("a host in NO_PROXY is reached directly", async () => {
  const proxy = await proxyTo(() => new URL("http://127.0.0.1:1/"));
  const transport = transportOf({ proxies: { httpProxy: proxy.url.href, noProxy: "invalid" } });
  await transport(get(new URL("http://api.exa.invalid/"))).catch(() => {});
  expect(proxy.tunnels).toEqual([]);
});

/** A proxy that does something of its own with each CONNECT, and keeps the connections that came. */
async function proxyThat(speak: (socket: Socket) => void) {
  const connections = new Set<Socket>();
  const seen = { connections, texts: "" };
  const url = await serveSocket((socket, first) => {
    seen.texts += first;
    speak(socket);
  }, connections);
  url.username = "user";
  url.password = "hunter2";
  return { url, seen, transport: transportOf({ proxies: { httpProxy: url.href } }) };
}

/** Resolves when all these have been closed. */
async function closed(sockets: Iterable<Socket>): Promise<void> {
  for (const socket of sockets) if (!socket.destroyed) await once(socket, "close");
}

const API = new URL("http://api.exa.test/");

test.each<[string, (socket: Socket) => void, string]>([
  [
    "closes on CONNECT",
    (socket) => socket.end(),
    "the connection was closed before the answer was complete; perhaps it speaks TLS",
  ],
  [
    "resets on CONNECT",
    (socket) => socket.resetAndDestroy(),
    "the connection was closed before the answer was complete; perhaps it speaks TLS",
  ],
  [
    "answers with an alert of TLS",
    (socket) => socket.end(Buffer.from("15030100020246", "hex")),
    "the answer is not readable HTTP; perhaps it speaks TLS",
  ],
  [
    "wants other credentials",
    (socket) => socket.end("HTTP/1.1 407 x\r\n\r\n"),
    " does not accept the user and password in its URL (407)",
  ],
  ["refuses", (socket) => socket.end("HTTP/1.1 403 x\r\n\r\n"), " did not open a tunnel to api.exa.test:80 (403)"],
  [
    "cannot reach the host",
    (socket) => socket.end("HTTP/1.1 502 x\r\n\r\n"),
    " did not open a tunnel to api.exa.test:80 (502)",
  ],
])("a proxy that %s is asked once, and blamed", async (_, speak, words) => {
  const { url, seen, transport } = await proxyThat(speak);
  const error: Error & { advice?: string } = await transport(get(API)).catch((reason) => reason);
  expect(error).toMatchObject({ name: "WebsetsError", kind: "unavailable" });
  expect(error.message).toContain(`the proxy ${url.host}`);
  expect(error.message).toContain(words);
  expect(`${error.message} ${error.advice}`).not.toContain("hunter2");
  expect(seen.texts).toContain(`proxy-authorization: Basic ${Buffer.from("user:hunter2").toString("base64")}`);
  expect(seen.texts).not.toContain("exa-test-key");
  await closed(seen.connections);
  expect(seen.connections.size).toBe(1);
});

test("a proxy that fails again and again is asked ever less often, until it serves: side by side they fail once", async () => {
  let isBroken = true;
  const { url, seen } = await proxyThat((socket) => {
    if (isBroken) return void socket.end("HTTP/1.1 407 x\r\n\r\n");
    socket.write("HTTP/1.1 200 x\r\n\r\n");
    socket.once("data", () => socket.write("HTTP/1.1 200 x\r\ncontent-length: 2\r\n\r\n{}"));
  });
  const clock = new FakeClock();
  const transport = transportOf({ proxies: { httpProxy: url.href }, clock });
  /** How many connections so many requests at once make. */
  const ask = async (requests = 1) => {
    const before = seen.connections.size;
    const answers = await Promise.allSettled(Array.from({ length: requests }, () => transport(get(API))));
    for (const answer of answers) {
      if (!isBroken) expect(answer).toMatchObject({ value: { body: "{}" } });
      else expect(answer).toMatchObject({ reason: { message: expect.stringContaining("(407)") } });
    }
    return seen.connections.size - before;
  };
  expect([await ask(4), await ask(), await ask(), await ask()]).toEqual([4, 1, 1, 0]);
  for (const restMs of [1_000, 2_000, 4_000, 8_000, 8_000]) {
    await clock.advance(restMs - 1);
    expect(await ask()).toBe(0);
    await clock.advance(1);
    expect(await ask()).toBe(1);
  }
  isBroken = false;
  await clock.advance(8_000);
  expect(await ask()).toBe(1);
  isBroken = true;
  for (const socket of seen.connections) socket.destroy();
  await closed(seen.connections);
  expect([await ask(2), await ask(), await ask(), await ask()]).toEqual([2, 1, 1, 0]);
});

test("a proxy that speaks plain HTTP behind an https: URL is told as that", async () => {
  const { url, seen } = await proxyThat((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const transport = transportOf({ proxies: { httpProxy: `https://${url.host}` } });
  await expect(transport(get(API))).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(
      /^the proxy 127\.0\.0\.1:\d+: no secure connection .*; perhaps it speaks plain HTTP$/,
    ),
    advice: expect.stringContaining("let HTTP_PROXY begin with http://"),
  });
  expect(seen.connections.size).toBe(1);
});

test("a proxy that is not there or cannot be found is blamed, not the host behind it", async () => {
  const { url } = await proxyThat(() => {});
  for (const end of endings.splice(0)) await end();
  await expect(transportOf({ proxies: { httpProxy: url.href } })(get(API))).rejects.toMatchObject({
    message: `the proxy ${url.host}: the connection was refused`,
  });
  await expect(transportOf({ proxies: { httpProxy: "nowhere.invalid:1" } })(get(API))).rejects.toMatchObject({
    message: "the proxy nowhere.invalid:1: the host's name could not be resolved",
  });
});

test("an abort reaches the socket on which a proxy was asked for a tunnel, and nothing comes after it", async () => {
  const { seen, transport } = await proxyThat(() => asked());
  let asked = () => {};
  const arrival = new Promise<void>((resolve) => (asked = resolve));
  const caller = new AbortController();
  const call = transport(get(API, { signal: caller.signal }));
  await arrival;
  caller.abort();
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
  await closed(seen.connections);
  expect(seen.connections.size).toBe(1);
});

test("a tunnel is kept, and a proxy that was restarted in between costs no request", async () => {
  const url = await serve((_, response) => response.end("{}"));
  const proxy = await proxyTo(() => url);
  const transport = transportOf({ proxies: { httpProxy: proxy.url.href } });
  for (let i = 0; i < 3; i++) {
    await transport(get(API));
    await setImmediate();
  }
  expect(proxy.tunnels).toHaveLength(1);
  proxy.closeTunnels();
  expect(await transport(get(API))).toMatchObject({ status: 200 });
  expect(proxy.tunnels).toHaveLength(2);
});

test("a connection that is closed as it is used again costs no request; a new one that is closed does", async () => {
  let requests = 0;
  const url = await serve((request, response) => {
    requests++;
    if (requests === 1) response.end("{}");
    else request.socket.destroy();
  });
  const transport = transportOf();
  await transport(get(url));
  await setImmediate();
  await expect(transport(get(url))).rejects.toMatchObject({ kind: "unavailable" });
  expect(requests).toBe(3);
});

test("an abort, a close and the whole time allowed end a request that still waits for its connection", async () => {
  const sockets: Socket[] = [];
  const server = createServer();
  server.on("connect", (_, socket: Socket) => sockets.push(socket));
  const proxies = { httpProxy: (await listening(server)).href };
  endings.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  const url = new URL("http://api.exa.test/");

  await expect(transportOf({ proxies, timeouts: { total: 20 } })(get(url))).rejects.toMatchObject({
    kind: "unavailable",
  });
  const caller = new AbortController();
  const transport = transportOf({ proxies });
  const aborted = transport(get(url, { signal: caller.signal }));
  const closed = transport(get(url));
  closed.catch(() => {});
  caller.abort();
  await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
  await transport.close();
  await expect(closed).rejects.toMatchObject({ name: "AbortError" });
});

test("the environment of the process has no say in proxies", async () => {
  const url = await serve((_, response) => response.end("{}"));
  const proxy = await proxyTo(() => url);
  const before = process.env.http_proxy;
  process.env.http_proxy = proxy.url.href;
  try {
    await transportOf()(get(new URL("http://api.exa.invalid/"))).catch(() => {});
  } finally {
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
  }
  expect(proxy.tunnels).toEqual([]);
});
