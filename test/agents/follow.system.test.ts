import { expect } from "vitest";
import { CountingAgent } from "../support/agent.ts";
import { test } from "../support/stdio-test.ts";

interface Told {
  type: string;
  summary: string;
  resource: { kind: string; id: string };
}

test("an agent follows the demo to its very end in one chain of waits for items that are ready, as it is told to", {
  timeout: 300_000,
}, async ({ startProgram }) => {
  const startedAt = process.hrtime.bigint();
  const agent = await CountingAgent.start(startProgram(["--sandbox"]));
  const before = agent.readBefore;
  expect(before.tools).toBeLessThanOrEqual(8_000);
  expect(agent.listed.tools).toBeLessThanOrEqual(16_000);

  const { websets } = (await agent.call("list_websets")).value;
  const { websetId, createdAt } = websets[0];
  const told: Told[] = [];
  let args: Record<string, unknown> = { websetId, itemsReady: true, atLeast: 50, after: createdAt };
  for (;;) {
    const { outcome, cursor, next, events } = (await agent.call("wait_for_webset_event", args)).value;
    told.push(...events);
    if (outcome === "quiet" && next.includes("stop here") && told.some(({ type }) => type === "webset.idle")) break;
    // With timeoutSeconds where `next` names them, and as before in all else.
    const seconds = /with timeoutSeconds (\d+) or more; if that is quiet, that was all/.exec(next)?.[1];
    args = { ...args, after: cursor, ...(seconds === undefined ? {} : { timeoutSeconds: Number(seconds) }) };
  }
  const minutes = Number(process.hrtime.bigint() - startedAt) / 60e9;
  const { calls, bytes } = agent;

  const found = (await agent.call("list_webset_items", { websetId, limit: 100 })).value;
  const items = told.filter(({ resource }) => resource.kind === "item");
  expect(items.map(({ resource }) => resource.id).toSorted()).toEqual(
    found.items.map(({ itemId }: { itemId: string }) => itemId).toSorted(),
  );
  expect(items).toHaveLength(50);
  for (const { itemId, name, url, enrichments } of found.items) {
    const summary = items.find(({ resource }) => resource.id === itemId)?.summary ?? "";
    expect(Object.keys(enrichments)).toHaveLength(2);
    for (const text of [name, url, ...Object.values(enrichments)]) expect(summary).toContain(text ?? "none found");
  }
  expect(calls, `in ${minutes} minutes`).toBeLessThanOrEqual(2 + 3 * minutes);
  expect(before.tools + before.instructions + bytes).toBeLessThanOrEqual(32_000);
});
