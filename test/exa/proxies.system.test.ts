import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, onTestFinished } from "vitest";
import { ERAS, type Era } from "../support/eras.ts";
import { eventually } from "../support/eventually.ts";
import type { Program } from "../support/program.ts";
import { test } from "../support/stdio-test.ts";

const KEY = "exa-proxy-canary-51c2";
const modern = ERAS[0] as Era;

/** What a network of proxies has seen. */
interface Seen {
  connections: number;
  text: string;
}

async function listen(server: Server, port = 0, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.listen(port, host);
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server on bare sockets that does something of its own once the first bytes have come. */
async function proxyThat(speak: (socket: Socket) => void) {
  const seen: Seen = { connections: 0, text: "" };
  const server = createServer((socket) => {
    seen.connections++;
    socket.once("data", (bytes) => {
      seen.text += bytes.toString("latin1");
      speak(socket);
    });
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, seen };
}

/** Seconds of CPU that a process has used so far (Linux). */
function cpuSeconds({ child }: Program): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

describe.each<[string, (socket: Socket) => void]>([
  ["closes on CONNECT", (socket) => socket.end()],
  ["resets on CONNECT", (socket) => socket.resetAndDestroy()],
  ["speaks TLS", (socket) => socket.end(Buffer.from("15030100020246", "hex"))],
])("behind a proxy that %s", (_, speak) => {
  test("ten calls make few connections, cost little, and leave nothing behind", async ({ startProgram }) => {
    const { url, seen } = await proxyThat(speak);
    const program = startProgram([], { EXA_API_KEY: KEY, HTTPS_PROXY: url });
    const session = await modern.open(program);
    const before = cpuSeconds(program);
    const calls = Array.from({ length: 10 }, (_, index) =>
      index % 2 === 0
        ? session.call("get_webset_event", { eventId: `evt_${index}` })
        : session.call("wait_for_webset_event", { timeoutSeconds: 3, types: ["webset.idle"] }),
    );
    const answers = await Promise.all(calls);
    for (const { error } of answers) expect(error).toContain(new URL(url).host);
    // What was on its way may still arrive.
    await sleep(500);
    const { connections } = seen;
    expect(connections).toBeGreaterThan(0);
    expect(connections).toBeLessThanOrEqual(60);
    await sleep(2_000);
    expect(seen.connections).toBe(connections);
    expect(cpuSeconds(program) - before).toBeLessThan(2);
    expect(seen.text).not.toContain(KEY);
  });
});

test("a wait through a proxy that does not answer names it, without its password", async ({ startProgram }) => {
  const { url, seen } = await proxyThat(() => {});
  const HTTPS_PROXY = url.replace("http://", "http://user:hunter2@");
  const session = await modern.open(startProgram([], { EXA_API_KEY: KEY, HTTPS_PROXY }));
  const answers = await Promise.all([
    session.call("wait_for_webset_event", { timeoutSeconds: 1 }),
    session.call("wait_for_webset", { websetId: "webset_1", timeoutSeconds: 1 }),
  ]);
  for (const { error } of answers) {
    expect(error).toContain(`asked at api.exa.ai through the proxy ${new URL(url).host}`);
    expect(error).not.toContain("hunter2");
  }
  expect(seen.text).toContain("CONNECT api.exa.ai:443");
});

test("a wait outlasts a proxy that is restarted", async ({ startProgram, startSandbox }) => {
  const sandbox = await startSandbox();
  const target = new URL(sandbox.url);
  const tls = await secured((request, response) => {
    const onward = connect(Number(target.port), target.hostname);
    onward.write(
      `GET ${request.url} HTTP/1.1\r\nhost: ${target.host}\r\nx-api-key: sandbox\r\nconnection: close\r\n\r\n`,
    );
    onward.pipe(response.socket as Socket);
  });
  let proxy = await tunnels(tls.port);
  const env = { EXA_API_KEY: KEY, EXA_BASE_URL: "https://api.exa.test", HTTPS_PROXY: proxy.url };
  const program = startProgram(["--poll-interval", "0.2", "--max-wait", "60"], {
    ...env,
    NODE_EXTRA_CA_CERTS: certificate().cert,
  });
  const session = await modern.open(program);
  const wait = session.call("wait_for_webset_event", { timeoutSeconds: 60, types: ["webset.idle"] });
  await eventually(() => proxy.opened() > 0, { what: "the first tunnel" });
  proxy.stop();
  await sleep(700);
  proxy = await tunnels(tls.port, proxy.port);
  await eventually(() => proxy.opened() > 0, { what: "a tunnel after the restart" });
  sandbox.world.createWebset({ search: { query: "Makers of cargo bikes", count: 1 } });
  const { value } = await wait;
  expect(value.events).toHaveLength(1);
});

test("a proxy that cannot serve is refused by the call that needs it, and by no other", async ({
  startProgram,
  startSandbox,
}) => {
  const socks = { HTTPS_PROXY: "socks5h://user:hunter2@127.0.0.1:1080", HTTP_PROXY: "socks5://127.0.0.1:1080" };
  const needing = await modern.open(startProgram([], { EXA_API_KEY: KEY, ...socks }));
  const { error } = await needing.call("get_webset_event", { eventId: "evt_1" });
  expect(error).toContain("HTTPS_PROXY names a SOCKS proxy (127.0.0.1:1080)");
  expect(error).not.toContain("hunter2");
  const waiting = await needing.call("wait_for_webset_event", { timeoutSeconds: 20 });
  expect(waiting.error).toContain("SOCKS");

  const inSandbox = await modern.open(startProgram(["--sandbox"], socks));
  expect((await inSandbox.call("list_webset_events")).error).toBeUndefined();
  const sandbox = await startSandbox();
  const direct = await modern.open(startProgram([], { ...sandbox.env, ...socks, NO_PROXY: "*" }));
  expect((await direct.call("list_webset_events")).error).toBeUndefined();
});

test("an API on this machine is reached directly, whichever of its addresses it has", async ({ startProgram }) => {
  const { url, seen } = await proxyThat((socket) => socket.end());
  let key: unknown;
  const server = createHttpServer((request, response) => {
    key = request.headers["x-api-key"];
    response.end(JSON.stringify({ data: [], hasMore: false, nextCursor: null }));
  });
  const port = await listen(server, 0, "127.0.0.2");
  const env = { EXA_API_KEY: KEY, EXA_BASE_URL: `http://127.0.0.2:${port}`, HTTP_PROXY: url, HTTPS_PROXY: url };
  const session = await modern.open(startProgram([], env));
  expect((await session.call("list_webset_events")).error).toBeUndefined();
  expect(key).toBe(KEY);
  expect(seen).toMatchObject({ connections: 0, text: "" });
});

test.for(["http", "https"])("the API is reached through a proxy that speaks %s", async (scheme, { startProgram }) => {
  let key: unknown;
  const tls = await secured((request, response) => {
    key = request.headers["x-api-key"];
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ data: [], hasMore: false, nextCursor: null }));
  });
  const proxy = await tunnels(tls.port, 0, scheme === "https");
  const env = { EXA_API_KEY: KEY, EXA_BASE_URL: "https://api.exa.test", HTTPS_PROXY: proxy.url };
  const session = await modern.open(startProgram([], { ...env, NODE_EXTRA_CA_CERTS: certificate().cert }));
  expect((await session.call("list_webset_events")).error).toBeUndefined();
  expect(key).toBe(KEY);
  expect(proxy.opened()).toBe(1);
});

describe("doctor", () => {
  const findingsOf = (out: string) => {
    const found = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    return Object.fromEntries(found.map((finding) => [finding.check, finding]));
  };
  const refuse: RequestListener = (_, response) => {
    response.writeHead(400, { "content-type": "application/json" });
    response.end(JSON.stringify({ requestId: "r", error: "x-api-key header is invalid" }));
  };

  test.for(["http", "https"])(
    "goes the whole way through an %s proxy, and says whose certificate it met",
    async (scheme, { startProgram }) => {
      const proxy = await tunnels((await secured(refuse)).port, 0, scheme === "https");
      const env = { EXA_API_KEY: KEY, EXA_BASE_URL: "https://api.exa.test", HTTPS_PROXY: proxy.url };
      const program = startProgram(["doctor"], { ...env, NODE_EXTRA_CA_CERTS: certificate().cert });
      expect((await program.exited).code).toBe(5);
      const found = findingsOf(program.stdout);
      expect(found.connect.summary).toMatch(/^connected to the API through the proxy in HTTPS_PROXY in \d+ ms$/);
      expect(found.tls).toMatchObject({ status: "ok", facts: { isPublic: false } });
      expect(found.tls.summary).toContain("an authority that this machine was told to trust");
      expect(found.api.status).toBe("ok");
      expect(found.account).toMatchObject({ status: "fail", facts: { kind: "unauthorized", status: 400 } });
      expect(program.stdout).not.toMatch(/api\.exa\.test|localhost|canary/);
    },
  );

  test("names a certificate that nobody vouches for, and what to do", async ({ startProgram }) => {
    const proxy = await tunnels((await secured(refuse)).port);
    const env = { EXA_API_KEY: KEY, EXA_BASE_URL: "https://api.exa.test", HTTPS_PROXY: proxy.url };
    const program = startProgram(["doctor"], env);
    expect((await program.exited).code).toBe(1);
    const { tls } = findingsOf(program.stdout);
    expect(tls).toMatchObject({ status: "fail", advice: expect.stringContaining("NODE_EXTRA_CA_CERTS") });
    expect(tls.summary).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
  });
});

/** A server that calls itself api.exa.test, for programs that trust its certificate. */
async function secured(listener: RequestListener) {
  const { key, cert } = certificate();
  return { port: await listen(createHttpsServer({ key: readFileSync(key), cert: readFileSync(cert) }, listener)) };
}

/** A proxy that sends every tunnel to one port. */
async function tunnels(target: number, port = 0, isSecure = false) {
  let opened = 0;
  const ends = new Set<Socket>();
  const { key, cert } = certificate();
  const server = isSecure
    ? createHttpsServer({ key: readFileSync(key), cert: readFileSync(cert) })
    : createHttpServer();
  server.on("connect", (_, socket: Socket) => {
    opened++;
    const onward = connect(target, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) ends.add(end.on("error", () => {}));
  });
  const own = await listen(server, port);
  return {
    url: `${isSecure ? "https://localhost" : "http://127.0.0.1"}:${own}`,
    port: own,
    opened: () => opened,
    stop() {
      server.close();
      for (const end of ends) end.destroy();
      server.closeAllConnections();
    },
  };
}

let folder: string | undefined;
afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** Files of a key and a certificate of its own, made once; nothing secret has to lie in the repository for that. */
function certificate(): { key: string; cert: string } {
  const made = folder !== undefined;
  folder ??= mkdtempSync(join(tmpdir(), "websets-events-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  if (!made) {
    const names = "subjectAltName=DNS:api.exa.test,DNS:localhost";
    const subject = ["-subj", "/CN=api.exa.test", "-addext", names];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
  }
  return { key, cert };
}
