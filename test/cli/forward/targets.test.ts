import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openUrlTarget, outcomeOf, signatureOf } from "../../../src/cli/forward/targets.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const body = JSON.stringify({ id: "event_1", text: "Zürich" });
const delivery = { eventId: "event_1", type: "webset.item.created", body };

/** A handler as Exa's documentation describes one: of the raw body and the header alone. */
function isSigned(raw: string, header: string, secret: string): boolean {
  const pairs = header.split(",").map((pair) => pair.split("="));
  const time = pairs.find(([name]) => name === "t")?.[1];
  const expected = createHmac("sha256", secret).update(`${time}.${raw}`).digest("hex");
  return pairs.some(
    ([name, value = ""]) =>
      name === "v1" && value.length === expected.length && timingSafeEqual(Buffer.from(value), Buffer.from(expected)),
  );
}

interface Received extends Pick<IncomingMessage, "method" | "url" | "headers"> {
  raw: string;
}

async function openHandler(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let raw = "";
    for await (const text of request.setEncoding("utf8")) raw += text;
    const { method, url, headers } = request;
    received.push({ method, url, headers, raw });
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function openTarget(url: string, secret?: string) {
  const clock = new FakeClock();
  const target = openUrlTarget({ url: new URL(url), secret, proxies: {}, clock });
  onTestFinished(() => target.close());
  const { signal } = new AbortController();
  return { target, clock, signal, deliver: () => target.deliver(delivery, signal) };
}

test("the signature is the one of Exa's documentation", () => {
  const signature = signatureOf(body, "whsec", 1_700_000_000_999);
  expect(signature).toMatch(/^t=1700000000,v1=[0-9a-f]{64}$/);
  expect(isSigned(body, signature, "whsec")).toBe(true);
  expect(isSigned(`${body} `, signature, "whsec")).toBe(false);
  expect(isSigned(body, signature, "other")).toBe(false);
});

test("an event arrives as from a webhook, signed at the time of the attempt", async () => {
  const { received, url } = await openHandler((response) => response.writeHead(204).end());
  const { deliver, clock } = openTarget(`${url}/hook?token=t0p`, "whsec");
  expect(await deliver()).toEqual({ kind: "done", how: "answered 204" });
  await clock.advance(60_000);
  await deliver();
  expect(received).toMatchObject([
    { method: "POST", url: "/hook?token=t0p", raw: body, headers: { "content-type": "application/json" } },
    { raw: body },
  ]);
  const signatures = received.map(({ headers }) => String(headers["exa-signature"]));
  for (const signature of signatures) expect(isSigned(body, signature, "whsec")).toBe(true);
  const [first = 0, second = 0] = signatures.map((signature) => Number(/t=(\d+)/.exec(signature)?.[1]));
  expect(second - first).toBe(60);
});

test("without a secret there is no signature, and a user in the URL is a header", async () => {
  const { received, url } = await openHandler((response) => response.end());
  const { deliver } = openTarget(url.replace("//", "//ada:p%40ss@"));
  await deliver();
  expect(received[0]?.headers).not.toHaveProperty("exa-signature");
  expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from("ada:p@ss").toString("base64")}`);
});

test.each([
  ["http://127.0.0.1:3000/hook?token=t0p#part", "http://127.0.0.1:3000/hook"],
  ["http://ada:secret@localhost:3000/", "http://localhost:3000"],
  ["https://hooks.chat.example/services/T0/B0/s3cret", "https://hooks.chat.example/…"],
])("%s is called %s", (url, name) => {
  expect(openTarget(url).target.name).toBe(name);
});

test.each([
  [200, "done"],
  [299, "done"],
  [410, "gone"],
  [301, "failed"],
  [400, "failed"],
  [404, "failed"],
  [429, "failed"],
  [500, "failed"],
  [101, "failed"],
])("an answer of %i means %s", (status, kind) => {
  expect(outcomeOf({ status, headers: {} }, 0).kind).toBe(kind);
});

test("a handler that asks for time is given it", () => {
  const headers = { "retry-after": "7" };
  expect(outcomeOf({ status: 503, headers }, 0)).toMatchObject({ kind: "failed", retryAfterMs: 7_000 });
});

test("a redirect is not followed, and where it leads is not told", async () => {
  const { received, url } = await openHandler((response) =>
    response.writeHead(307, { location: "/elsewhere?token=t0p" }).end(),
  );
  expect(await openTarget(url).deliver()).toMatchObject({
    kind: "failed",
    how: "answered 307, a redirect, which is not followed",
  });
  expect(received).toHaveLength(1);
});

test("a handler that closes without an answer has failed, and is asked once", async () => {
  const { received, url } = await openHandler((_, request) => request.socket.destroy());
  const { deliver } = openTarget(url);
  for (const asked of [1, 2, 3]) {
    expect(await deliver()).toMatchObject({ kind: "failed", how: expect.stringContaining("closed") });
    expect(received).toHaveLength(asked);
  }
});

test("nobody there is a failure", async () => {
  const { url } = await openHandler(() => {});
  expect(await openTarget(url.replace(/:\d+$/, ":1")).deliver()).toMatchObject({
    kind: "failed",
    how: expect.stringContaining("refused"),
  });
});

test("the status counts, whatever becomes of the rest of the answer", async () => {
  const { url } = await openHandler((response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.write("no gzip at all, and no end");
  });
  expect(await openTarget(url).deliver()).toEqual({ kind: "done", how: "answered 200" });
});

test("a handler that stalls has failed after a minute at most", async () => {
  const { received, url } = await openHandler(() => {});
  const { clock, deliver } = openTarget(url);
  const outcome = deliver();
  while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await clock.until(outcome)).toMatchObject({ kind: "failed", how: expect.stringContaining("after 60 s") });
});

test("an event goes through the proxy of the environment, whole and signed", async () => {
  const { received, url } = await openHandler((response) => response.end());
  const asked: (string | undefined)[] = [];
  const proxy = createServer();
  proxy.on("connect", ({ url: authority }: IncomingMessage, near: Socket) => {
    asked.push(authority);
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    near.on("error", () => {});
    far.on("error", () => {});
    near.write("HTTP/1.1 200 OK\r\n\r\n");
    far.pipe(near).pipe(far);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const target = openUrlTarget({
    url: new URL("http://hooks.example/in?token=t0p"),
    secret: "whsec",
    proxies: { httpProxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    clock: new FakeClock(),
  });
  onTestFinished(() => target.close());
  expect(await target.deliver(delivery, new AbortController().signal)).toMatchObject({ kind: "done" });
  expect(asked).toEqual(["hooks.example:80"]);
  expect(received).toMatchObject([{ url: "/in?token=t0p", raw: body, headers: { host: "hooks.example" } }]);
  expect(isSigned(body, String(received[0]?.headers["exa-signature"]), "whsec")).toBe(true);
});

test("an attempt ends as soon as it is cut short", async () => {
  const { received, url } = await openHandler(() => {});
  const { target } = openTarget(url);
  const cut = new AbortController();
  const outcome = target.deliver(delivery, cut.signal);
  while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
  cut.abort();
  await expect(outcome).rejects.toMatchObject({ name: "AbortError" });
});
