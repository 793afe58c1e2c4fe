// Adds a Webset's item as a row to a CSV file, which any spreadsheet opens: once, however often its event comes.
//
//   websets-events-mcp forward --webset WEBSET --items-ready -- node append-to-csv.mjs items.csv
//
// stdin: the event as JSON. Behind the columns named here comes one for each enrichment.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";

const COLUMNS = ["item", "found at", "name", "url", "description", "enrichments"];
const [file = "items.csv"] = process.argv.slice(2);
const { type, data } = JSON.parse(await text(process.stdin));
// The end of a Webset is told, too.
if (type.startsWith("webset.item.")) add(data);

function add({ id, createdAt, properties, enrichments }) {
  if (!existsSync(file)) writeFileSync(file, line(COLUMNS));
  if (readFileSync(file, "utf8").includes(`\n${cell(id)},`)) return;
  // Each kind of entity has its name under its own word: { company: { name } }, { article: { title } }.
  const { name, title } = Object.values(properties).find((one) => one?.name ?? one?.title) ?? {};
  const values = (enrichments ?? []).map(({ result }) => (result ?? []).join(", "));
  appendFileSync(file, line([id, createdAt, name ?? title, properties.url, properties.description, ...values]));
}

function line(values) {
  return `${values.map(cell).join(",")}\n`;
}

/** The values are from the web: what a spreadsheet would take for a formula stays text. */
function cell(value) {
  const plain = String(value ?? "").replace(/^[=+\-@\t\r]/, "'$&");
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
