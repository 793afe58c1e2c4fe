import { describe, expect, test } from "vitest";
import type { Json, State } from "../../src/state/state.ts";
import { openReplicas } from "./open-tasks.ts";
import type { Message } from "./raw-client.ts";

const WAIT = { types: ["webset.created"], atLeast: 2 };
const idsOf = ({ structuredContent }: Message): string[] =>
  structuredContent.events.map(({ websetId }: Message) => websetId);

describe("a wait in the background", () => {
  test("goes on where its replica is lost, from the cursor of before what was found, and its chain has each event once", async () => {
    const [one, other] = openReplicas();
    const { fake, newWebset } = one;
    const { taskId } = await fake.until(one.call("wait_for_webset_event", WAIT));
    const first = newWebset();
    await fake.advance(30_000);
    one.tasks.close();
    const second = newWebset();
    await fake.advance(1_000);
    expect(await fake.until(other.get(taskId))).toMatchObject({ taskId, status: "working" });
    await fake.advance(5_000);
    const { status, result } = await fake.until(other.get(taskId));
    expect(status).toBe("completed");
    expect(idsOf(result)).toEqual([first.id, second.id]);
    const third = newWebset();
    const after = result.structuredContent.cursor;
    const next = await fake.until(one.call("wait_for_webset_event", { ...WAIT, atLeast: 1, after }));
    expect(idsOf(next)).toEqual([third.id]);
  });

  test("has the same result on each replica when it has ended on one, with the same cursor chain", async () => {
    const [one, other] = openReplicas();
    const { fake, newWebset } = one;
    const { taskId } = await fake.until(one.call("wait_for_webset_event", WAIT));
    const first = newWebset();
    await fake.advance(1_000);
    const websets = [first, newWebset()];
    await fake.advance(10_000);
    const results = await fake.until(Promise.all([one.get(taskId), other.get(taskId)]));
    for (const { status, result } of results) {
      expect(status).toBe("completed");
      expect(idsOf(result)).toEqual(websets.map(({ id }) => id));
    }
  });

  test("for a Webset is told by any replica, before and after its end", async () => {
    const [one, other] = openReplicas();
    const { fake, world, newWebset } = one;
    const { id } = newWebset();
    const { taskId } = await fake.until(one.call("wait_for_webset", { websetId: id }));
    expect(await fake.until(other.get(taskId))).toMatchObject({ status: "working" });
    world.cancelWebset(id);
    await fake.advance(10_000);
    const ended = { status: "completed", result: { structuredContent: { outcome: "canceled" } } };
    expect(await fake.until(one.get(taskId))).toMatchObject(ended);
    expect(await fake.until(other.get(taskId))).toMatchObject(ended);
  });

  test("puts nothing of what it found into the state, and no query", async () => {
    const written: unknown[] = [];
    const [one] = openReplicas((state) => noting(state, written));
    const { fake, newWebset } = one;
    const { id } = newWebset();
    const { taskId } = await fake.until(one.call("wait_for_webset", { websetId: id }));
    one.world.cancelWebset(id);
    await fake.advance(10_000);
    expect((await fake.until(one.get(taskId))).status).toBe("completed");
    const text = JSON.stringify(written);
    expect(text).toContain("completed");
    expect(text.toLowerCase()).not.toMatch(/cargo|makers/);
  });
});

/** The same state; all that is written to it is noted. */
function noting(state: State, written: unknown[]): State {
  const put = state.put.bind(state);
  const append = state.append.bind(state);
  return Object.assign(state, {
    put: (...args: Parameters<State["put"]>) => {
      written.push(args);
      return put(...args);
    },
    append: (log: string, entry: Json, lease: Parameters<State["append"]>[2]) => {
      written.push(log, entry);
      return append(log, entry, lease);
    },
  });
}
