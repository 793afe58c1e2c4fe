import { describe, expect } from "vitest";
import type { AttackUpstream } from "../support/attack-upstream.ts";
import { websetState } from "../support/attack-upstream.ts";
import { atOnce, expectOnce, follow, test } from "./attack.ts";

/** Tells so many events, one each 300 ms from `from` on; each can be seen a little after it was created. */
function tellSteadily(upstream: AttackUpstream, number: number, from: number, lateMs: (n: number) => number) {
  return Array.from({ length: number }, (_, n) => {
    const at = from + n * 300;
    return upstream.tell({ at, seenAt: at + lateMs(n) });
  });
}

const late = (n: number) => (n * 700) % 4_500;

describe.concurrent("28 of 28 events come, each once,", () => {
  test.for([20_000, 3_600_000, -20_000, -3_600_000])(
    "where one answer's Date is off by %i ms",
    async (off, { upstream, connect }) => {
      const session = await connect();
      // It begins with what happens from its first call on: also where that takes a second to arrive.
      const ids = tellSteadily(upstream, 28, upstream.now + 2_000, late);
      upstream.dateOf = ({ path, nth }) => Date.now() + (path === "events" && nth === 4 ? off : 0);
      const followed = await follow(session, atOnce(5), () => upstream.now > 22_000);
      expectOnce(followed.ids, ids);
      expect(followed.notes).toEqual([]);
    },
  );

  test("where the very first answer's Date is 20 s ahead", async ({ upstream, connect }) => {
    const session = await connect();
    const ids = tellSteadily(upstream, 28, upstream.now + 500, late);
    upstream.dateOf = ({ path, nth }) => Date.now() + (path === "events" && nth === 1 ? 20_000 : 0);
    const from = new Date(upstream.began).toISOString();
    const followed = await follow(session, atOnce(5), () => upstream.now > 22_000, from);
    expectOnce(followed.ids, ids);
  });

  test.for([9_000, -9_000])("where two backends answer in turn, %i ms apart", async (apart, { upstream, connect }) => {
    const session = await connect();
    const ids = tellSteadily(upstream, 28, upstream.now + 500, late);
    upstream.dateOf = ({ nth }) => Date.now() + (nth % 2 === 0 ? apart : 0);
    const from = new Date(upstream.began).toISOString();
    const followed = await follow(session, atOnce(5), () => upstream.now > 32_000, from);
    expectOnce(followed.ids, ids);
    expect(followed.notes).toEqual([]);
  });
});

describe.concurrent("a clock that lies once", () => {
  test("holds up no task: its search ends at 6 s, and so does the task", async ({ upstream, connectRaw }) => {
    const client = await connectRaw();
    upstream.dateOf = ({ path, nth }) => Date.now() + (path === "events" && nth === 5 ? 3_600_000 : 0);
    const endsAt = upstream.now + 6_000;
    const state = () =>
      upstream.now < endsAt
        ? websetState("ws_1", "running", "running", 3)
        : websetState("ws_1", "idle", "completed", 10);
    upstream.websets.set("ws_1", state);
    const data = (websetState("ws_1", "idle", "completed", 10) as { searches: object[] }).searches[0];
    upstream.tell({ type: "webset.search.completed", at: endsAt, data: { ...data, websetId: "ws_1" } });
    const task = await client.call("wait_for_webset", { websetId: "ws_1", timeoutSeconds: 35 });
    const ended = await client.ended(task.taskId);
    expect(ended.result.structuredContent.outcome).toBe("reached");
    expect(ended.result.structuredContent.waitedSeconds).toBeLessThan(12);
  });
});

describe.concurrent("an event", () => {
  test("that comes 15 s late is handed out once, and told in a note", async ({ upstream, connect }) => {
    const session = await connect();
    const begun = upstream.now;
    const id = upstream.tell({ at: begun + 1_000, seenAt: begun + 16_000 });
    const followed = await follow(session, {}, () => upstream.now > begun + 36_000);
    expect(followed.ids).toEqual([id]);
    expect(followed.notes.join()).toContain("later than the 5 s");
  });

  test("is read in whatever form its id and its time are, and what cannot be read is told", async ({
    upstream,
    connect,
  }) => {
    const session = await connect();
    const at = upstream.now;
    const iso = new Date(upstream.began + at).toISOString();
    const forms = [
      iso.replace("T", " "),
      iso.replace(".", ","),
      iso.replace("Z", "456789Z"),
      iso.toLowerCase(),
      iso.replace(/[-:]/g, ""),
      iso.replace("Z", "+00"),
      upstream.began + at,
      (upstream.began + at) / 1_000,
    ];
    const ids = forms.map((createdAt) => upstream.tell({ at, createdAt }));
    ids.push(upstream.tell({ at, id: 4711 }));
    for (const createdAt of ["soon", null, 7]) upstream.tell({ at, createdAt });
    const { value } = await session.call("list_webset_events", {});
    expectOnce(
      value.events.map(({ id }: { id: string }) => id),
      ids,
    );
    expect(value.note).toContain("3 entries");
    const from = new Date(upstream.began).toISOString();
    const { value: waited } = await session.call("wait_for_webset_event", {
      after: from,
      ...atOnce(100),
      timeoutSeconds: 1,
    });
    expectOnce(
      waited.events.map(({ id }: { id: string }) => id),
      ids,
    );
    expect(waited.note).toContain("3 entries");
  });
});
