import { expect } from "vitest";
import { ERAS, type Era } from "./support/eras.ts";
import { test } from "./support/stdio-test.ts";

const [era] = ERAS as readonly [Era, ...Era[]];
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

interface Told {
  type: string;
  summary: string;
  resource: { kind: string; id: string };
}

test("an agent follows the demo to its very end in one chain of waits for items that are ready, as it is told to", {
  timeout: 300_000,
}, async ({ startProgram }) => {
  const startedAt = process.hrtime.bigint();
  const session = await era.open(startProgram(["--sandbox"], {}));
  const read = session.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  let bytes = bytesOf({ tools: read }) + bytesOf(session.instructions);
  let calls = 0;
  const call = async (name: string, args: Record<string, unknown>) => {
    const { value } = await session.call(name, args);
    calls++;
    bytes += bytesOf(value);
    return value;
  };
  const { websets } = await call("list_websets", {});
  const { websetId } = websets[0];
  const told: Told[] = [];
  let after = "1m";
  for (let isOver = false; !isOver; ) {
    const hadEnded = told.some(({ type }) => type === "webset.idle");
    const value = await call("wait_for_webset_event", { websetId, itemsReady: true, atLeast: 50, after });
    told.push(...value.events);
    isOver = hadEnded && value.outcome === "quiet";
    after = value.cursor;
  }
  const minutes = Number(process.hrtime.bigint() - startedAt) / 60e9;
  const { value: found } = await session.call("list_webset_items", { websetId, limit: 100 });
  const items = told.filter(({ resource }) => resource.kind === "item");
  expect(items.map(({ resource }) => resource.id).toSorted()).toEqual(
    found.items.map(({ itemId }: { itemId: string }) => itemId).toSorted(),
  );
  expect(items).toHaveLength(50);
  for (const { itemId, name, url, enrichments } of found.items) {
    const summary = items.find(({ resource }) => resource.id === itemId)?.summary ?? "";
    for (const text of [name, url, ...Object.values(enrichments)]) expect(summary).toContain(text ?? "none found");
  }
  expect(calls, `in ${minutes} minutes`).toBeLessThanOrEqual(2 + 3 * minutes);
  expect(bytes).toBeLessThanOrEqual(32_000);
});
