// A process of its own that waits as exa-js does: one poll a second for each waiter. Arguments: URL, Webset, count.
import { Exa } from "exa-js";

const [url, websetId, count] = process.argv.slice(2);
const exa = new Exa("bench", url);
const waits = Array.from({ length: Number(count) }, async () => {
  await exa.websets.waitUntilIdle(websetId as string, { pollInterval: 1_000, timeout: 600_000 });
  return Date.now();
});
process.stdout.write(`waiting ${process.pid}\n`);
const returned = await Promise.all(waits);
process.stdout.write(`${JSON.stringify(returned)}\n`);
// Its cost is read while it lives: it ends when its input does.
process.stdin.resume();
