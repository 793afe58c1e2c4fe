import { describe, expect, test } from "vitest";
import { abortError } from "../../src/shared/errors.ts";
import { eventually } from "../support/eventually.ts";
import { A_KEY, callTool, type Legacy, openHttp, openLegacy, openModern } from "./support.ts";

const HEADERS = { "x-exa-api-key": A_KEY };

const ERAS = [
  ["2025-11-25", async (url: string) => (await openLegacy(url, HEADERS)).client],
  // The calls of the tests are the same in both.
  ["2026-07-28", async (url: string) => (await openModern(url, HEADERS)) as unknown as Legacy],
] as const;

/** How many calls the server answers at present. */
async function callsAt(origin: string): Promise<number> {
  const page = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^websets_events_mcp_calls (\d+)$/m.exec(page)?.[1]);
}

describe.each(ERAS)("a client of %s over HTTP", (_, open) => {
  test("finds what there is on stdio", async () => {
    const { url, sandbox } = await openHttp();
    const { id } = sandbox.world.createWebset({ search: { query: "robots", count: 3 } });
    const client = await open(url);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("wait_for_webset_event");
    expect(client.getInstructions()).toContain("Follow Exa Websets");
    const found = await client.callTool({ name: "wait_for_webset", arguments: { websetId: id, until: "idle" } });
    expect(found.structuredContent).toMatchObject({ outcome: "reached", progress: { websetId: id } });
    const { contents } = await client.readResource({ uri: `websets://websets/${id}/progress` });
    expect(contents[0]).toMatchObject({ text: expect.stringContaining(id) });
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(["track_webset"]);
    const ref = { type: "ref/prompt" as const, name: "track_webset" };
    const completed = await client.complete({ ref, argument: { name: "websetId", value: id.slice(0, 3) } });
    expect(completed.completion.values).toContain(id);
  });

  test("hears of a wait's progress", async () => {
    const { url } = await openHttp();
    const client = await open(url);
    const heard: unknown[] = [];
    const args = { name: "wait_for_webset_event", arguments: { timeoutSeconds: 1 } };
    const waited = await callTool(client, args, { onprogress: (progress: unknown) => heard.push(progress) });
    expect(waited.structuredContent).toMatchObject({ outcome: expect.any(String), cursor: expect.any(String) });
    expect(heard[0]).toMatchObject({ progress: 0, message: "0 of 1 events" });
  });

  test("ends a wait at once by cancelling it, down to the request to the API", async () => {
    const asked: AbortSignal[] = [];
    const { url, origin } = await openHttp({
      via:
        () =>
        ({ signal }) =>
          hung(signal, asked),
    });
    const client = await open(url);
    const cancel = new AbortController();
    const options = { signal: cancel.signal, timeout: 60_000 };
    const args = { name: "wait_for_webset_event", arguments: { timeoutSeconds: 25 } };
    const waiting = callTool(client, args, options).catch(() => "cancelled");
    await eventually(() => asked.length > 0);
    expect(await callsAt(origin)).toBe(1);
    cancel.abort();
    expect(await waiting).toBe("cancelled");
    await eventually(async () => (await callsAt(origin)) === 0);
    await eventually(() => asked.every(({ aborted }) => aborted));
  });
});

/** A request to an API that never answers. */
function hung(signal: AbortSignal, asked: AbortSignal[]): Promise<never> {
  asked.push(signal);
  return new Promise((_, reject) => void signal.addEventListener("abort", () => reject(abortError())));
}

describe("updates", () => {
  test("come on the stream of a session of 2025-11-25", async () => {
    const { url, sandbox } = await openHttp();
    const { id } = sandbox.world.createWebset({ search: { query: "robots", count: 5 } });
    const uri = `websets://websets/${id}/progress`;
    const { client } = await openLegacy(url, HEADERS);
    const updates: unknown[] = [];
    client.fallbackNotificationHandler = async ({ params }) => void updates.push(params);
    await client.subscribeResource({ uri });
    sandbox.world.cancelWebset(id);
    await eventually(() => updates.length > 0);
    expect(updates[0]).toMatchObject({ uri });
  });

  test("come on a listen of 2026-07-28, which ends with it", async () => {
    const { url, origin, sandbox } = await openHttp();
    const { id } = sandbox.world.createWebset({ search: { query: "robots", count: 5 } });
    const uri = `websets://websets/${id}/progress`;
    const client = await openModern(url, HEADERS);
    const updates: unknown[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updates.push(params));
    const listening = await client.listen({ resourceSubscriptions: [uri] });
    sandbox.world.cancelWebset(id);
    await eventually(() => updates.length > 0);
    expect(updates[0]).toMatchObject({ uri });
    await listening.close();
    const watched = async () => (await (await fetch(`${origin}/metrics`)).text()).includes("watched_websets 0\n");
    await eventually(watched);
  });
});
