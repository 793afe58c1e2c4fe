import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { createFaults, type FaultName } from "../../../src/sandbox/faults.ts";
import { createSandbox, type Sandbox } from "../../../src/sandbox/server.ts";
import { eventually } from "../../support/eventually.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { API } from "../support.ts";

const open: Sandbox[] = [];
afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close();
});

async function serve(name: FaultName, times = 1) {
  const faults = createFaults({ rules: [{ name, times }] });
  const sandbox = createSandbox({ clock: new FakeClock(), faults });
  open.push(sandbox);
  return { sandbox, ...(await sandbox.listen(0)) };
}

interface Seen {
  status?: number | undefined;
  headers: Record<string, string | string[] | undefined>;
  body?: Buffer;
  /** The code with which it failed, or "quiet" when nothing came for a while. */
  failure?: string;
}

/** Asks for the events on a connection of its own, and tells how far it got when `patience` milliseconds were quiet. */
function ask(url: string, headers: Record<string, string> = {}, patience = 60_000): Promise<Seen> {
  return new Promise((resolve) => {
    const seen: Seen = { headers: {} };
    const sent = request(`${url}${API}/events`, { headers: { "x-api-key": "any", ...headers }, agent: false });
    const fail = (error: Error & { code?: string }) => resolve({ ...seen, failure: error.code ?? error.message });
    sent.on("error", fail);
    sent.on("response", (answer) => {
      seen.status = answer.statusCode;
      seen.headers = answer.headers;
      buffer(answer).then((body) => resolve({ ...seen, body }), fail);
    });
    sent.setTimeout(patience, () => {
      sent.removeAllListeners("error").on("error", () => {});
      resolve({ ...seen, failure: "quiet" });
      sent.destroy();
    });
    sent.end();
  });
}

describe("a connection", () => {
  test("is refused for a second, and then is not", async () => {
    const { url } = await serve("refused");
    expect((await ask(url)).failure).toBe("ECONNRESET");
    expect((await ask(url)).failure).toBe("ECONNREFUSED");
    await eventually(async () => (await ask(url)).status === 200, { what: "an answer" });
  });

  test("is refused while the sandbox closes, which leaves nothing behind", async () => {
    const { url, sandbox } = await serve("refused");
    await ask(url);
    await sandbox.close();
    await delay(1_100);
    expect((await ask(url)).failure).toBe("ECONNREFUSED");
  });

  test("is reset before the headers", async () => {
    const { url } = await serve("reset");
    expect(await ask(url)).toEqual({ headers: {}, failure: "ECONNRESET" });
    expect((await ask(url)).status).toBe(200);
  });

  test("is reset after the headers", async () => {
    const { url } = await serve("reset-after-headers");
    const seen = await ask(url);
    expect(seen).toMatchObject({ status: 200, failure: "ECONNRESET" });
    expect(seen.headers["content-type"]).toContain("application/json");
    expect((await ask(url)).body?.toString()).toContain('"data":[]');
  });

  test("ends before the body does", async () => {
    const { url } = await serve("cut-body");
    // Node's own client has the same code for it as for a reset.
    expect(await ask(url)).toMatchObject({ status: 200, failure: "ECONNRESET" });
    expect((await ask(url)).body?.toString()).toContain('"data":[]');
  });

  test("stays open while the body stalls", async () => {
    const { url } = await serve("stalled-body");
    expect(await ask(url, {}, 250)).toMatchObject({ status: 200, failure: "quiet" });
    expect((await ask(url)).status).toBe(200);
  });

  test("stays open though not even headers come", async () => {
    const { url } = await serve("no-headers");
    expect(await ask(url, {}, 250)).toEqual({ headers: {}, failure: "quiet" });
    expect((await ask(url)).status).toBe(200);
  });

  test("that stalls ends with the sandbox", async () => {
    const { url, sandbox } = await serve("no-headers");
    const seen = ask(url);
    await eventually(() => sandbox.requests.total === 1, { what: "a request" });
    await sandbox.close();
    expect((await seen).failure).toBe("ECONNRESET");
  });
});

describe("an answer of 50 MB", () => {
  test("is valid JSON of that size", async () => {
    const { url } = await serve("huge-answer");
    const { status, headers, body } = await ask(url);
    expect(status).toBe(200);
    expect(headers["content-length"]).toBe("50000000");
    expect(body?.length).toBe(50_000_000);
    expect(JSON.parse(body?.toString() ?? "")).toEqual({ data: [], hasMore: false, nextCursor: null });
  });

  test("is small on its way to a client that takes gzip", async () => {
    const { url } = await serve("huge-answer-gzip", 2);
    const { headers, body } = await ask(url, { "accept-encoding": "gzip, deflate" });
    expect(headers["content-encoding"]).toBe("gzip");
    expect(body?.length).toBeLessThan(100_000);
    expect(gunzipSync(body ?? Buffer.of()).length).toBe(50_000_000);
    expect((await ask(url)).headers).not.toHaveProperty("content-encoding");
  });

  test("stops when the client has had enough", async () => {
    const { url } = await serve("huge-answer");
    const answer = await fetch(`${url}${API}/events`, { headers: { "x-api-key": "any" } });
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
    expect((await ask(url)).status).toBe(200);
  });
});
