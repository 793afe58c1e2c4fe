// A sandbox with a long history. Arguments: how many events, over how many milliseconds, of what ("searches" or "items"). Ends with
// its input, and says then how many requests it has had.
import { createSandbox } from "../../src/sandbox/server.ts";
import { systemClock } from "../../src/shared/clock.ts";

const [events = 0, spanMs = 0] = process.argv.slice(2, 4).map(Number);
const ofItems = process.argv[4] === "items";
const sandbox = createSandbox({ clock: systemClock });
const from = Date.now() - spanMs - 60_000;
for (let index = 0; index < events; index++) {
  const websetId = `ws_${index % 50}`;
  const type = ofItems ? "webset.item.created" : "webset.search.updated";
  const data = ofItems ? itemOf(index, websetId) : searchOf(index, websetId);
  sandbox.world.record(type, data, { createdAt: from + Math.floor((index * spanMs) / events) });
}
const { url } = await sandbox.listen(0);
process.stdout.write(`${JSON.stringify({ url, from: from - 1 })}\n`);
process.stdin.resume();
process.stdin.on("end", () => {
  process.stdout.write(`${JSON.stringify({ requests: sandbox.requests.total })}\n`);
  void sandbox.close();
});

function searchOf(index: number, websetId: string) {
  return { id: `search_${index}`, object: "webset_search", status: "running", websetId, count: 50 };
}

/** About as large as recorded ones are without their page text. */
function itemOf(index: number, websetId: string) {
  const url = `https://www.company-${index}.example/`;
  const description = `Company ${index} builds robots that carry boxes. `.repeat(10);
  const properties = { type: "company", url, description, company: { name: `Company ${index}`, about: description } };
  const evaluations = ["builds robots", "is in Europe"].map((criterion) => ({
    criterion,
    satisfied: "yes",
    reasoning: description,
  }));
  return { id: `item_${index}`, object: "webset_item", websetId, properties, evaluations, enrichments: [] };
}
