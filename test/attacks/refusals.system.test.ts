import { describe, expect } from "vitest";
import { type AttackUpstream, refusal, websetState } from "../support/attack-upstream.ts";
import { eventually } from "../support/eventually.ts";
import { expectAll, test } from "./attack.ts";

/** A search that is completed after so long; its event can be seen so much later. */
function search(upstream: AttackUpstream, afterMs: number, lateMs = 0): { visibleAt: number } {
  const endsAt = upstream.now + afterMs;
  upstream.websets.set("ws_1", () =>
    upstream.now < endsAt ? websetState("ws_1", "running", "running", 3) : websetState("ws_1", "idle", "completed", 10),
  );
  const { searches } = websetState("ws_1", "idle", "completed", 10) as { searches: object[] };
  const data = { ...searches[0], websetId: "ws_1" };
  upstream.tell({ type: "webset.search.completed", at: endsAt, seenAt: endsAt + lateMs, data });
  return { visibleAt: endsAt + lateMs };
}

/** The nth request of a path is refused, and no other; tells whether that has happened. */
function refuseOnce(upstream: AttackUpstream, path: string, nth: number, status: number): () => boolean {
  upstream.meddle = (asked) => (asked.path === path && asked.nth === nth ? refusal(status) : undefined);
  return () => upstream.count(path) >= nth;
}

describe.concurrent("one refusal of what was answered before", () => {
  test.for([
    ["websets/ws_1", 404],
    ["websets/ws_1", 403],
    ["websets/ws_1", 400],
    ["events", 404],
    ["events", 403],
    ["events", 400],
  ] as const)("(%s, %i) ends no wait for a Webset", async ([path, status], { upstream, connect }) => {
    const session = await connect();
    const isRefused = refuseOnce(upstream, path, path === "events" ? 4 : 2, status);
    search(upstream, 6_000);
    // It makes the wait look at the state.
    upstream.tell({ type: "webset.paused", at: upstream.now + 1_500 });
    const { value } = await session.call("wait_for_webset", { websetId: "ws_1", timeoutSeconds: 25 });
    expect(value).toMatchObject({ outcome: "reached", progress: { searches: [{ status: "completed" }] } });
    expect(isRefused()).toBe(true);
  });

  test.for([404, 403, 400])("(events, %i) ends no wait for events", async (status, { upstream, connect }) => {
    const session = await connect();
    const isRefused = refuseOnce(upstream, "events", 4, status);
    const ids = [500, 1_500, 4_000].map((at) => upstream.tell({ at: upstream.now + at }));
    await expectAll(session, ids, { timeoutSeconds: 10 });
    expect(isRefused()).toBe(true);
  });

  test.for([404, 403, 400])(
    "(events, %i, the very first answer) ends none either",
    async (status, { upstream, connect }) => {
      const session = await connect();
      refuseOnce(upstream, "events", 1, status);
      const id = upstream.tell();
      await expectAll(session, [id], { timeoutSeconds: 10 }, new Date(upstream.began - 1_000).toISOString());
    },
  );
});

describe.concurrent("the end of a search", () => {
  test("is told long before its event can be seen", async ({ upstream, connectRaw }) => {
    const client = await connectRaw();
    const { visibleAt } = search(upstream, 2_000, 40_000);
    const task = await client.call("wait_for_webset", { websetId: "ws_1", timeoutSeconds: 45 });
    const { result } = await client.ended(task.taskId);
    expect(upstream.now).toBeLessThan(visibleAt);
    expect(result.structuredContent.outcome).toBe("reached");
  });
});

test.concurrent("who comes 66 s after the API asked for an hour's pause is served, and so is who waited", async ({
  upstream,
  connectRaw,
}) => {
  const client = await connectRaw();
  const after = new Date(upstream.began).toISOString();
  upstream.meddle = ({ path, nth }) =>
    path === "events" && nth === 1 ? { ...refusal(429), headers: { "retry-after": "3600" } } : undefined;
  const first = await client.call("wait_for_webset_event", { after, timeoutSeconds: 600 });
  await eventually(() => upstream.count("events") > 0);
  const id = await new Promise<string>((resolve) => setTimeout(() => resolve(upstream.tell()), 66_000));
  const second = await client.call("wait_for_webset_event", { after, timeoutSeconds: 20 });
  const told = second.taskId === undefined ? second : (await client.ended(second.taskId)).result;
  for (const { structuredContent } of [told, (await client.ended(first.taskId)).result]) {
    expect(structuredContent.events.map((event: { id: string }) => event.id)).toEqual([id]);
  }
});

test.concurrent("runs of a monitor that may not be read belong to the Webset that lists it", async ({
  upstream,
  connect,
}) => {
  upstream.meddle = ({ path }) => (path.startsWith("monitors/") ? refusal(403) : undefined);
  upstream.websets.set("ws_1", () => ({ ...websetState("ws_1", "idle", "completed"), monitors: [{ id: "mon_1" }] }));
  const session = await connect();
  const run = (monitorId: string) =>
    upstream.tell({ type: "monitor.run.completed", data: { id: `run-of-${monitorId}`, monitorId } });
  run("mon_of_another");
  const own = run("mon_1");
  await expectAll(session, [own], { websetId: "ws_1" }, new Date(upstream.began).toISOString());
});

test.concurrent("a prefix of types holds for those that are new", async ({ upstream, connect }) => {
  const session = await connect();
  const types = ["webset.item.removed", "webset.item.created", "webset.idle"];
  const ids = types.map((type) => upstream.tell({ type }));
  const after = new Date(upstream.began - 1_000).toISOString();
  await expectAll(session, ids.slice(0, 2), { types: ["webset.item.*"] }, after);
});
