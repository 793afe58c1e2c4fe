// What everyday tasks cost an agent: the figures of docs/agents.md. It takes about two minutes, for the demo is followed as it lives.
import { DEMO_WEBSET, findScenario } from "../src/sandbox/scenarios.ts";
import { createSandbox } from "../src/sandbox/server.ts";
import { systemClock } from "../src/shared/clock.ts";
import { type Connected, call, connect } from "./support/mcp-client.ts";
import { report } from "./support/report.ts";

/** An estimate of what models count. */
const BYTES_PER_TOKEN = 4;
const STORY_MS = 106_000;

// biome-ignore lint/suspicious/noExplicitAny: what a result holds is up to the tool.
type Ask = (name: string, args?: Record<string, unknown>) => Promise<any>;
type Run = { calls: number; bytes: number };

const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

async function measured(connected: Connected, task: (ask: Ask) => Promise<unknown>): Promise<Run> {
  const run = { calls: 0, bytes: 0 };
  await task(async (name, args = {}) => {
    const value = await call(connected, name, args);
    run.calls++;
    run.bytes += sizeOf(value);
    return value;
  });
  return run;
}

/** The newest Webset, which is the demo's. */
async function newest(ask: Ask): Promise<{ websetId: string; createdAt: string }> {
  return (await ask("list_websets")).websets[0];
}

async function followToItsEnd(ask: Ask) {
  const { websetId } = await newest(ask);
  for (let outcome = "still_running"; outcome === "still_running"; ) {
    ({ outcome } = await ask("wait_for_webset", { websetId, until: "idle" }));
  }
}

async function takeEachItem(ask: Ask, atLeast: number) {
  const { websetId, createdAt } = await newest(ask);
  const filter = { websetId, itemsReady: true, atLeast };
  let isOver = false;
  for (let after = createdAt, outcome = ""; !isOver || outcome !== "quiet"; ) {
    const news = await ask("wait_for_webset_event", { ...filter, after, ...(isOver && { timeoutSeconds: 7 }) });
    ({ outcome, cursor: after } = news);
    isOver ||= news.events.some(({ type }: { type: string }) => type === "webset.idle");
  }
}

async function onDemo(): Promise<[string, Run][]> {
  const sandbox = createSandbox({ clock: systemClock });
  const { url } = await sandbox.listen(0);
  sandbox.world.createWebset(DEMO_WEBSET);
  const connected = await connect(url);
  try {
    const { tools } = await connected.client.listTools();
    const read = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    const before = sizeOf(read) + Buffer.byteLength(connected.client.getInstructions() ?? "");
    const [end, few, each] = await Promise.all([
      measured(connected, followToItsEnd),
      measured(connected, (ask) => takeEachItem(ask, 50)),
      measured(connected, (ask) => takeEachItem(ask, 1)),
    ]);
    const found = await measured(connected, async (ask) => {
      const [[webset]] = [[...sandbox.world.listWebsets({ order: "oldest-first" })]];
      await ask("list_webset_items", { websetId: webset?.id, limit: 50 });
    });
    return [
      ["before the first call: instructions and tools", { calls: 0, bytes: before }],
      ["follow a Webset to its very end", end],
      ["each finished item, in few calls", few],
      ["each finished item, at once", each],
      ["what was found, 50 items with 2 enrichments", found],
    ];
  } finally {
    await connected.close();
    await sandbox.close();
  }
}

async function onStory(): Promise<[string, Run][]> {
  const sandbox = createSandbox({ clock: systemClock });
  const { url } = await sandbox.listen(0);
  const { world } = sandbox;
  for (const name of ["finished", "busy"]) findScenario(name)?.begin(world);
  for (let n = 0; n < 2; n++) world.past(600_000, () => world.createWebset(DEMO_WEBSET));
  world.past(STORY_MS, () => findScenario("everything")?.begin(world));
  const connected = await connect(url);
  const one = (name: string, args?: Record<string, unknown>) => measured(connected, (ask) => ask(name, args));
  try {
    return [
      ["what is going on, 10 Websets", await one("list_websets")],
      ["what went wrong in the last hour", await one("list_webset_events", { problems: true, after: "1h" })],
      [
        "the export that is ready",
        await one("wait_for_webset_event", { types: ["webset.export.completed"], after: "1h" }),
      ],
      ["did an import fail, and why", await one("list_webset_events", { types: ["import.completed"] })],
      [
        "the monitor's last run, and what came of it",
        await measured(connected, async (ask) => {
          const { events } = await ask("list_webset_events", { types: ["monitor.run.*"], limit: 1 });
          await ask("get_webset_progress", { websetId: events[0].websetId });
        }),
      ],
      ["how long each search took", await one("list_webset_events", { types: ["webset.search.completed"], limit: 10 })],
    ];
  } finally {
    await connected.close();
    await sandbox.close();
  }
}

const tasks = [...(await onStory()), ...(await onDemo())];
report({
  name: "agents",
  what: `what an agent reads; tokens are bytes / ${BYTES_PER_TOKEN}, an estimate`,
  columns: ["", "calls", "bytes", "tokens"],
  rows: tasks.map(([task, { calls, bytes }]) => [task, calls, bytes, Math.round(bytes / BYTES_PER_TOKEN)]),
  measured: tasks.map(([task, run]) => ({ task, ...run })),
});
