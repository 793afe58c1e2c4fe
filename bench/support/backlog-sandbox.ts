// A sandbox with a long history. Arguments: how many events, over how many milliseconds. Ends with its input.
import { createSandbox } from "../../src/sandbox/server.ts";
import { systemClock } from "../../src/shared/clock.ts";

const [events = 0, spanMs = 0] = process.argv.slice(2).map(Number);
const sandbox = createSandbox({ clock: systemClock });
const from = Date.now() - spanMs - 60_000;
for (let index = 0; index < events; index++) {
  const websetId = `ws_${index % 50}`;
  const data = { id: `search_${index}`, object: "webset_search", status: "running", websetId, count: 50 };
  sandbox.world.record("webset.search.updated", data, { createdAt: from + Math.floor((index * spanMs) / events) });
}
const { url } = await sandbox.listen(0);
process.stdout.write(`${JSON.stringify({ url, from: from - 1 })}\n`);
process.stdin.resume();
process.stdin.on("end", () => void sandbox.close());
