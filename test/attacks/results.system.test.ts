import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { test } from "./attack.ts";

/** As many as may be under way. */
const TASKS = 100;
/** Of one event, told in full. */
const LARGE = Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`text${n}`, `${n} `.repeat(900)]));

test("results of tasks are kept as far as there is room for them, the latest ones", async ({
  upstream,
  connectRaw,
}) => {
  const client = await connectRaw();
  const round = async (): Promise<string[]> => {
    const after = new Date(upstream.began + upstream.now).toISOString();
    const args = { after, detail: "full", timeoutSeconds: 60 };
    const begun = await Promise.all(Array.from({ length: TASKS }, () => client.call("wait_for_webset_event", args)));
    const ids: string[] = begun.map(({ taskId }) => taskId);
    upstream.tell({ data: { id: "item_1", websetId: "ws_1", properties: LARGE } });
    for (const id of ids) {
      await eventually(async () => (await client.get(id))?.status !== "working", { what: `the end of task ${id}` });
    }
    return ids;
  };
  const [first] = await round();
  expect((await client.get(first as string)).result.structuredContent.events).toHaveLength(1);
  const last = (await round()).at(-1) as string;
  const told = await client.send("tasks/get", { taskId: first });
  expect(told.error).toMatchObject({ code: -32_602 });
  const { result } = await client.get(last);
  // Two rounds of these are more than the 8 MiB that are kept.
  expect(2 * TASKS * JSON.stringify(result).length).toBeGreaterThan(2 ** 23);
  expect(result.structuredContent.events).toHaveLength(1);
});
