import { expect, test } from "vitest";
import { openTasks } from "./open-tasks.ts";
import { HOUR } from "./support.ts";

const DAY = 24 * HOUR;

test("a task of a whole day ends on time and leaves nothing behind: no task, no tail, no timer", async () => {
  const world = openTasks({ intervalMs: 10_000 });
  const { id } = world.newWebset();
  const idleSleepers = world.fake.sleeping;
  const [webset, events] = await world.fake.until(
    Promise.all([
      world.call("wait_for_webset", { websetId: id, timeoutSeconds: 86_400 }),
      world.call("wait_for_webset_event", { types: ["monitor.*"], timeoutSeconds: 86_400 }),
    ]),
  );
  const startedAt = world.fake.now();
  await world.fake.advance(DAY - 60_000);
  const busiest = world.fake.sleeping;
  expect(world.tasks.live).toBe(2);
  expect(busiest - idleSleepers).toBeLessThan(12);
  await world.fake.advance(62_000);
  for (const [{ taskId }, outcome] of [
    [webset, "still_running"],
    [events, "quiet"],
  ] as const) {
    const { status, result, lastUpdatedAt, createdAt } = world.tasks.get(taskId)?.detailed ?? {};
    expect(status).toBe("completed");
    expect(result).toMatchObject({ structuredContent: { outcome, cursor: expect.any(String) } });
    const tookMs = Date.parse(lastUpdatedAt ?? "") - Date.parse(createdAt ?? "");
    expect(Math.abs(tookMs - DAY)).toBeLessThan(2_000);
  }
  expect(world.feed.tails).toBe(0);
  await world.fake.advance(HOUR);
  expect(world.tasks.kept).toBe(0);
  expect(world.fake.sleeping).toBe(idleSleepers);
  expect(world.fake.now() - startedAt).toBeGreaterThan(DAY);
});
