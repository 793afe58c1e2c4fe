import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createHide, type Exam } from "../../../src/cli/doctor/finding.ts";
import { checkWay } from "../../../src/cli/doctor/way.ts";
import { createSocketTransport } from "../../../src/exa/socket-transport.ts";
import { type Clock, systemClock } from "../../../src/shared/clock.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { allOf, examOf } from "./exam.ts";

async function portOf(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const servedBy = async (listener: RequestListener) =>
  new URL(`http://127.0.0.1:${await portOf(createHttpServer(listener))}`);
const spokenBy = (speak: (socket: Socket) => void) => portOf(createServer(speak));

/** The findings of a way, by their names. */
async function walk(config: Partial<Exam["config"]>, clock: Clock = systemClock) {
  const transport = createSocketTransport({ proxies: config.proxies ?? {}, clock });
  onTestFinished(() => transport.close());
  const { findings } = await allOf(checkWay(examOf(config, transport, { clock })));
  return {
    checks: findings.map(({ check, status }) => `${check} ${status}`),
    said: findings.map(({ summary, advice = "" }) => `${summary} ${advice}`).join("\n"),
    of: (name: string) => findings.find(({ check }) => check === name),
  };
}

/** The same where somebody never answers: the time passes once they have been asked, however long that takes this machine. */
async function walkInVain(config: Partial<Exam["config"]>, asked: Promise<unknown>) {
  const clock = new FakeClock();
  const walked = walk(config, clock);
  await asked;
  return clock.until(walked);
}

/** Where nobody ever answers, and when the first bytes have come there. */
async function silent() {
  const server = createServer((socket) => socket.once("data", () => server.emit("asked")));
  const asked = once(server, "asked");
  return { port: await portOf(server), asked };
}

const refusal =
  (status: number, error: string): RequestListener =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ requestId: "r", error }));
  };
const ALL = ["proxy", "dns", "connect", "tls", "api", "clock"];
/** Everything well up to one step, which failed. */
const upTo = (failed: string) =>
  ALL.map((check, at) => `${check} ${at < ALL.indexOf(failed) ? "ok" : check === failed ? "fail" : "skip"}`);

test("a way that is free is told step by step, with the API's refusal of a request without a key", async () => {
  const asked: (string | undefined)[] = [];
  const baseUrl = await servedBy((request, response) => {
    asked.push(request.url, request.headers["x-api-key"] as string | undefined);
    refusal(401, "Invalid or missing API key")(request, response);
  });
  const { checks, of } = await walk({ baseUrl });
  expect(checks).toEqual(ALL.map((check) => `${check} ok`));
  expect(asked).toEqual(["/websets/v0/events?limit=1", undefined]);
  expect(of("api")?.summary).toMatch(/^answers, and refuses a request without a key as it should \(401\), in \d+ ms$/);
});

describe("what is in the way is told at its step, and with what to do", () => {
  test("a port where nobody listens", async () => {
    const server = createServer();
    const port = await portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const { checks, of } = await walk({ baseUrl: new URL(`http://127.0.0.1:${port}`) });
    expect(checks).toEqual(upTo("connect"));
    expect(of("connect")?.summary).toContain("the connection was refused");
    expect(of("connect")?.advice).toContain("firewall");
    expect(of("api")?.summary).toBe("not checked, for connect failed");
  });

  test("a name that nobody knows, without telling it", async () => {
    const { checks, of, said } = await walk({ baseUrl: new URL("https://websets.acme-internal.invalid") });
    expect(checks).toEqual(upTo("dns"));
    expect(of("dns")?.summary).toBe("the host in EXA_BASE_URL: the host's name could not be resolved");
    expect(said).not.toContain("acme");
  });

  test.each<[string, number, string]>([
    ["200", 200, "a page of HTML"],
    ["403", 403, "a page of HTML"],
    ["502", 502, "not available"],
  ])("a page of HTML under %s", async (_, status, words) => {
    const baseUrl = await servedBy((_request, response) => {
      response.writeHead(status, { "content-type": "text/html" }).end("<html><title>Acme Gateway</title></html>");
    });
    const { checks, of, said } = await walk({ baseUrl });
    expect(checks).toEqual(upTo("api"));
    expect(of("api")?.summary).toContain(words);
    expect(said).not.toContain("Acme");
  });

  test("an API that has no Websets at this address", async () => {
    const baseUrl = await servedBy((_, response) =>
      response.writeHead(404).end('{"message":"Cannot GET","error":"x"}'),
    );
    const { checks, of } = await walk({ baseUrl });
    expect(checks).toEqual(upTo("api"));
    expect(of("api")).toMatchObject({
      status: "fail",
      summary: "something answers, and does not know the Websets API (404)",
      advice: expect.stringContaining("https://api.exa.ai alone"),
    });
  });

  test("a page to log in to the network, which redirects", async () => {
    const baseUrl = await servedBy((_, response) =>
      response.writeHead(302, { location: "https://login.acme.example/" }).end(),
    );
    const { checks, said } = await walk({ baseUrl });
    expect(checks).toEqual(upTo("api"));
    expect(said).toContain("a redirect (302)");
    expect(said).not.toContain("acme");
  });

  test("an answer that never comes", async () => {
    const { port, asked } = await silent();
    const baseUrl = new URL(`http://127.0.0.1:${port}`);
    const { checks, of } = await walkInVain({ baseUrl }, asked);
    expect(checks).toEqual(upTo("api"));
    expect(of("api")?.summary).toBe(`${baseUrl.host}: nothing came of it within 10 s`);
  });

  test("something that speaks no TLS, and something that speaks no HTTP", async () => {
    const port = await spokenBy((socket) => socket.on("data", () => socket.end("SSH-2.0-kite\r\n")));
    const tls = await walk({ baseUrl: new URL(`https://127.0.0.1:${port}`) });
    expect(tls.checks).toEqual(upTo("tls"));
    expect(tls.of("tls")?.summary).toContain("no secure connection");
    const plain = await walk({ baseUrl: new URL(`http://127.0.0.1:${port}`) });
    expect(plain.checks).toEqual(upTo("api"));
    expect(plain.of("api")?.summary).toContain("not readable HTTP");
  });

  test("a handshake that never ends", async () => {
    const { port, asked } = await silent();
    const { checks, of } = await walkInVain({ baseUrl: new URL(`https://127.0.0.1:${port}`) }, asked);
    expect(checks).toEqual(upTo("tls"));
    expect(of("tls")?.summary).toBe(`127.0.0.1:${port}: nothing came of it within 10 s`);
  });
});

describe("a proxy", () => {
  const baseUrl = new URL("https://api.exa.ai");
  const through = (port: number, user = "") => ({
    baseUrl,
    proxies: { httpsProxy: `http://${user}127.0.0.1:${port}` },
  });

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ["closes", (socket) => socket.on("data", () => socket.end()), /closed/],
    ["asks for a password", says("HTTP/1.1 407 No\r\n\r\n"), /asks for a user and a password \(407\)/],
    ["refuses the tunnel", says("HTTP/1.1 403 No\r\n\r\n"), /did not open a tunnel to api\.exa\.ai:443 \(403\)/],
    ["answers with something else", says("hello\r\n\r\n"), /not readable HTTP/],
  ])("that %s is blamed, and its address is not told", async (_, speak, words) => {
    const port = await spokenBy(speak);
    const { checks, of, said } = await walk(through(port));
    expect(checks).toEqual(upTo("connect"));
    expect(of("connect")?.summary).toMatch(words);
    expect(of("proxy")?.summary).toBe("the proxy in HTTPS_PROXY");
    expect(said).toContain("the proxy in HTTPS_PROXY");
    expect(said).not.toContain(`127.0.0.1:${port}`);
  });

  test("that never answers does not hold the check", async () => {
    const { port, asked } = await silent();
    const { checks, of } = await walkInVain(through(port), asked);
    expect(checks).toEqual(upTo("connect"));
    expect(of("connect")?.summary).toBe("the proxy in HTTPS_PROXY: nothing came of it within 10 s");
  });

  test("whose password stands in its URL keeps it", async () => {
    const { said } = await walk(through(await spokenBy(says("HTTP/1.1 407 No\r\n\r\n")), "ada:kite-string@"));
    expect(said).toContain("with a user and a password");
    expect(said).not.toMatch(/ada|kite-string/);
    expect(said).toContain("(http://user:password@host:port)");
  });

  test("whose name is a common word leaves the sentences as they are", async () => {
    const socks = await walk({ baseUrl, proxies: { httpsProxy: "socks5://proxy:1080" } });
    expect(socks.of("proxy")?.summary).toMatch(
      /^HTTPS_PROXY names a SOCKS proxy \(the proxy in HTTPS_PROXY\), and this/,
    );
    const unknown = await walk({ baseUrl, proxies: { httpsProxy: "http://proxy.invalid:1" } });
    expect(unknown.of("dns")?.summary).toMatch(/^the proxy in HTTPS_PROXY: /);
    expect(unknown.of("dns")?.advice).toMatch(/for a wrong letter in HTTPS_PROXY\.$/);
    const hide = createHide({
      apiKey: undefined,
      baseUrl,
      proxies: { httpsProxy: "http://proxy:80", httpProxy: "http://proxy:8080" },
    });
    expect(hide("the proxy proxy: a proxy refused, and the proxy proxy:8080 too")).toBe(
      "the proxy in HTTPS_PROXY: a proxy refused, and the proxy in HTTP_PROXY too",
    );
    const here = createHide({ apiKey: undefined, baseUrl, proxies: { httpsProxy: "http://127.0.0.1:3128" } });
    expect(here("127.0.0.1:4710 is an address, and no proxy is at 127.0.0.1:3128")).toBe(
      "127.0.0.1:4710 is an address, and no proxy is at the proxy in HTTPS_PROXY",
    );
  });

  test("of a kind that cannot be used is told before anything is asked", async () => {
    const { checks, of, said } = await walk({ baseUrl, proxies: { httpsProxy: "socks5://inside.acme.example:1080" } });
    expect(checks).toEqual(upTo("proxy"));
    expect(of("proxy")?.summary).toContain("SOCKS");
    expect(said).not.toContain("acme");
  });

  test("is passed by for what NO_PROXY names and for this machine", async () => {
    const here = await servedBy(refusal(401, "no key"));
    const { of } = await walk({ baseUrl: here, proxies: { httpProxy: "http://proxy.example:3128" } });
    expect(of("proxy")?.summary).toBe("not used: this machine is always reached directly");
  });
});

function says(text: string): (socket: Socket) => void {
  return (socket) => socket.once("data", () => socket.end(text));
}

describe("the clock", () => {
  const at = (offsetMs: number | undefined) =>
    servedBy((request, response) => {
      response.sendDate = false;
      if (offsetMs !== undefined) response.setHeader("date", new Date(systemClock.wallTime() + offsetMs).toUTCString());
      refusal(401, "no key")(request, response);
    });

  test.each<[string, number | undefined, string, RegExp]>([
    ["that agrees", 0, "ok", /^agrees/],
    ["a minute behind", 60_000, "warn", /^\d\d s behind the API's$/],
    ["ten minutes ahead", -600_000, "fail", /^10 minutes ahead of the API's$/],
    ["a day behind", 86_400_000, "fail", /^24 hours behind the API's$/],
    ["that cannot be compared", undefined, "warn", /no Date/],
  ])("%s", async (_, offset, status, words) => {
    const { of } = await walk({ baseUrl: await at(offset) });
    expect(of("clock")).toMatchObject({ status, summary: expect.stringMatching(words) });
  });
});
