import { request } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../../src/sandbox/server.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { API, LONG_MS, openSandbox, ROBOTS } from "./support.ts";

const open: Sandbox[] = [];
const keep = (sandbox: Sandbox) => {
  open.push(sandbox);
  return sandbox;
};
afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about.
const json = async (answer: Promise<Response>): Promise<any> => (await answer).json();

const headers = { "x-api-key": "any", "content-type": "application/json" };

describe("over HTTP", () => {
  test("a Webset lives from its creation to its end", async () => {
    const clock = new FakeClock();
    const { url } = await keep(createSandbox({ clock })).listen(0);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const body = JSON.stringify(ROBOTS);
    const { id } = await json(fetch(`${url}${API}/websets`, { method: "POST", headers, body }));
    const status = async () => (await json(fetch(`${url}${API}/websets/${id}`, { headers }))).status;
    expect(await status()).toBe("running");
    await clock.advance(LONG_MS);
    expect(await status()).toBe("idle");
    const { data } = await json(fetch(`${url}${API}/events?types=webset.item.created&limit=200`, { headers }));
    expect(data).toHaveLength(8);
  });

  test.each([
    ["localhost", 200],
    ["LOCALHOST:4010", 200],
    ["127.0.0.1:4010", 200],
    ["127.8.9.1", 200],
    ["[::1]:4010", 200],
    ["evil.example", 403],
    ["evil.example:4010", 403],
    ["localhost.evil.example", 403],
    ["127.0.0.1.evil.example:4010", 403],
    ["10.0.0.5:4010", 403],
    ["0.0.0.0:4010", 403],
    ["[2001:db8::1]:4010", 403],
  ])("under the name %s the answer is %i, and a foreign name does nothing", async (host, status) => {
    const sandbox = keep(createSandbox({ clock: new FakeClock() }));
    const { port } = new URL((await sandbox.listen(0)).url);
    // fetch would not let a caller choose the Host header.
    const ask = (method: string, path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request({ port, method, path, headers: { ...headers, host } }, (answer) => {
          answer.resume().on("end", () => resolve(answer.statusCode));
        });
        asked.on("error", reject).end();
      });
    const { id } = sandbox.world.createWebset({});
    expect(await ask("GET", `${API}/websets/${id}`)).toBe(status);
    expect(await ask("GET", "/sandbox/health")).toBe(status);
    expect(await ask("DELETE", `${API}/websets/${id}`)).toBe(status);
    expect(sandbox.world.hasWebset(id)).toBe(status === 403);
    expect(sandbox.requests.total).toBe(status === 403 ? 0 : 2);
  });

  test("the Date header is the sandbox's clock, and no answer has a request id", async () => {
    const clock = new FakeClock(Date.parse("2031-02-03T04:05:06.789Z"));
    const { url } = await keep(createSandbox({ clock })).listen(0);
    const answer = await fetch(`${url}${API}/events`, { headers });
    expect(answer.headers.get("date")).toBe("Mon, 03 Feb 2031 04:05:06 GMT");
    expect(answer.headers.has("x-request-id")).toBe(false);
    expect(answer.headers.get("content-type")).toContain("application/json");
  });

  test("a body that is too large gets its answer, and the connection goes on", async () => {
    const { url } = await keep(createSandbox({ clock: new FakeClock() })).listen(0);
    const body = "x".repeat(3 * 2 ** 20);
    expect((await fetch(`${url}${API}/websets`, { method: "POST", headers, body })).status).toBe(413);
    expect((await fetch(`${url}/sandbox/health`)).status).toBe(200);
  });

  test("a port that is taken is an error", async () => {
    const sandbox = keep(createSandbox({ clock: new FakeClock() }));
    const { url } = await sandbox.listen(0);
    await expect(sandbox.listen(Number(new URL(url).port))).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  test("closing ends open connections", async () => {
    const sandbox = createSandbox({ clock: new FakeClock() });
    const { url } = await sandbox.listen(0);
    await fetch(`${url}/sandbox/health`);
    await sandbox.close();
    await expect(fetch(`${url}/sandbox/health`)).rejects.toThrow();
  });
});

describe("closing", () => {
  test("leaves nothing sleeping, and nothing happens any more", async () => {
    const { sandbox, world, clock, events } = openSandbox();
    world.createWebset(ROBOTS);
    await clock.advance(5_000);
    expect(clock.sleeping).toBe(1);
    await sandbox.close();
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
    const before = events().length;
    world.createWebset(ROBOTS);
    await clock.advance(60_000);
    expect(events()).toHaveLength(before + 1);
  });

  test("has nothing to do where nothing is going on", async () => {
    const { sandbox, clock } = openSandbox();
    expect(clock.sleeping).toBe(0);
    await sandbox.close();
  });
});
