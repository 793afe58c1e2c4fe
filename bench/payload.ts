// What an agent has to read for three usual tasks, held against the API's own answers for the same.
import { DEMO_WEBSET } from "../src/sandbox/scenarios.ts";
import { createSandbox } from "../src/sandbox/server.ts";
import { systemClock } from "../src/shared/clock.ts";
import { call, connect } from "./support/mcp-client.ts";
import { report } from "./support/report.ts";

/** The Webset lives this much faster than a real one, and agents wait and poll as much more often. */
const SPEED = 10;
/** How often an agent without this server looks at a Webset, in seconds of a Webset's life; exa-js does it every second. */
const RAW_POLL_SECONDS = 5;
const WAIT_SECONDS = 25;

interface Task {
  task: string;
  calls: number;
  bytes: number;
  rawCalls: number;
  rawBytes: number;
}

const sandbox = createSandbox({ clock: systemClock, speed: SPEED });
const { url } = await sandbox.listen(0);
const connected = await connect(url, "--poll-interval", "0.2");
const tasks: Task[] = [];
try {
  const { id } = sandbox.world.createWebset(DEMO_WEBSET);
  const [ours, raw] = await Promise.all([followWithTools(id), followRaw(id)]);
  tasks.push({ task: "follow a Webset of 50 items to its end", ...ours, rawCalls: raw.calls, rawBytes: raw.bytes });

  const listed = await call<{ events: { id: string }[] }>(connected, "list_webset_events", { limit: 20 });
  const rawList = await rawBytes("/events?limit=20");
  tasks.push({ task: "the last 20 events", calls: 1, bytes: size(listed), rawCalls: 1, rawBytes: rawList });

  const item = await call<{ events: { id: string }[] }>(connected, "list_webset_events", {
    types: ["webset.item.enriched"],
    limit: 1,
  });
  const eventId = item.events[0]?.id as string;
  const event = await call(connected, "get_webset_event", { eventId });
  const rawEvent = await rawBytes(`/events/${eventId}`);
  tasks.push({ task: "one event of an item, in full", calls: 1, bytes: size(event), rawCalls: 1, rawBytes: rawEvent });
} finally {
  await connected.close();
  await sandbox.close();
}
report({
  name: "payload",
  what: `bytes an agent reads; without this server it looks at the Webset every ${RAW_POLL_SECONDS} s`,
  columns: ["", "calls", "bytes", "API's calls", "API's bytes", "ratio"],
  rows: tasks.map((row) => [
    row.task,
    row.calls,
    row.bytes,
    row.rawCalls,
    row.rawBytes,
    `1 : ${(row.rawBytes / row.bytes).toFixed(1)}`,
  ]),
  measured: tasks,
});

async function followWithTools(websetId: string): Promise<{ calls: number; bytes: number }> {
  let calls = 0;
  let bytes = 0;
  for (;;) {
    const result = await call<{ outcome: string }>(connected, "wait_for_webset", {
      websetId,
      until: "idle",
      timeoutSeconds: WAIT_SECONDS / SPEED,
    });
    calls++;
    bytes += size(result);
    if (result.outcome !== "still_running") return { calls, bytes };
  }
}

async function followRaw(websetId: string): Promise<{ calls: number; bytes: number }> {
  let calls = 0;
  let bytes = 0;
  for (;;) {
    const body = await rawAnswer(`/websets/${websetId}`);
    calls++;
    bytes += Buffer.byteLength(body);
    if ((JSON.parse(body) as { status: string }).status === "idle") return { calls, bytes };
    await systemClock.sleep((RAW_POLL_SECONDS * 1_000) / SPEED);
  }
}

async function rawBytes(path: string): Promise<number> {
  return Buffer.byteLength(await rawAnswer(path));
}

async function rawAnswer(path: string): Promise<string> {
  const answer = await fetch(`${url}/websets/v0${path}`, { headers: { "x-api-key": "bench" } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.text();
}

function size(result: unknown): number {
  return Buffer.byteLength(JSON.stringify(result));
}
