import { getEventListeners, once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createSocketServer, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { createExaClient } from "../../src/exa/client.ts";
import type { HttpRequest } from "../../src/exa/http.ts";
import { ResponseTooLargeError } from "../../src/exa/http.ts";
import { createUndiciTransport, type UndiciTransportOptions } from "../../src/exa/undici-transport.ts";
import { systemClock } from "../../src/shared/clock.ts";

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
async function serveSocket(speak: (socket: Socket) => void): Promise<URL> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => speak(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

function transportOf(options: UndiciTransportOptions = {}) {
  const transport = createUndiciTransport(options);
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

test("undici is loaded by the first request, not with the program", () => {
  const folder = new URL("../../src/exa/", import.meta.url);
  const imports = readdirSync(folder).flatMap((file) =>
    readFileSync(new URL(file, folder), "utf8")
      .split("\n")
      .filter((line) => line.includes('from "undici"')),
  );
  expect(imports).toEqual(['import type { Dispatcher } from "undici";']);
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

test("an answer compressed in another way is refused", async () => {
  const url = await serve((_, response) => response.writeHead(200, { "content-encoding": "br" }).end("{}"));
  await expect(transportOf()(get(url))).rejects.toMatchObject({ kind: "unexpected_response" });
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
    baseUrl: url,
    apiKey: "exa-test-key",
    transport: transportOf(),
    clock: systemClock,
    version: "0",
  });
  await expect(client.getWebset("ws_1")).rejects.toMatchObject({ kind: "unexpected_response", status: 302 });
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

// undici looks at these two timers about once a second, so both are awaited in one second.
test("headers that never come and a body that stalls are told with the time that was allowed", async () => {
  const silent = await serveSocket(() => {});
  const stalling = await serveSocket((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"));
  const transport = transportOf({ timeouts: { headers: 20, body: 30 } });
  const [headers, body] = await Promise.allSettled([transport(get(silent)), transport(get(stalling))]);
  expect(headers).toMatchObject({
    reason: { kind: "unavailable", message: `${silent.host}: connected, but no answer began within 0.02 s` },
  });
  expect(body).toMatchObject({
    reason: { kind: "unavailable", message: `${stalling.host}: the answer stalled for 0.03 s` },
  });
});

test("a body that trickles ends after the whole time allowed", async () => {
  const url = await serveSocket((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n");
    const trickle = setInterval(() => socket.write("x"), 2);
    socket.on("close", () => clearInterval(trickle));
  });
  const transport = transportOf({ timeouts: { body: 20, total: 40 } });
  await expect(transport(get(url))).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining("not complete after 0.04 s"),
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
  await expect(createUndiciTransport().close()).resolves.toBeUndefined();
});

test("preparing opens no connection, and says nothing of a proxy that cannot be used: the first request does", async () => {
  const broken = createUndiciTransport({ proxies: { httpsProxy: "no proxy" } });
  broken.prepare();
  await expect(broken(get(new URL("https://example.com/")))).rejects.toThrow();
  const closed = createUndiciTransport();
  closed.prepare();
  await expect(closed.close()).resolves.toBeUndefined();
});

/** A proxy that opens tunnels, and counts them; it sends every tunnel to one place. */
async function proxyTo(target: () => URL) {
  const tunnels: string[] = [];
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
    }
  });
  return { url: await listening(server), tunnels };
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

test("a proxy that refuses the tunnel is unavailable", async () => {
  const server = createServer();
  server.on("connect", (_, socket: Socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
  const proxy = await listening(server);
  const transport = transportOf({ proxies: { httpProxy: proxy.href } });
  await expect(transport(get(new URL("http://api.exa.test/")))).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining("proxy"),
  });
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
