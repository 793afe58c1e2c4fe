// npm run hosts [-- --keep FOLDER] [host...]: installs hosts from the npm registry into a temporary folder, connects each to
// the built server in its sandbox and without a key, lets it list and call, and, if all were asked for, writes the table of docs/hosts.md.
// It takes some minutes and 2 GB.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readSurface } from "../test/support/surface.ts";
import { buildIfNeeded } from "./build.mjs";
import { bareEnvironment, HOSTS, type Host, TOOL } from "./hosts/hosts.ts";
import { startModel } from "./hosts/model.ts";
import { install, programIn } from "./hosts/packages.ts";
import { hostsTable, type Row, readRecord } from "./hosts/table.ts";
import { withMarkedText } from "./marked.ts";
import { root } from "./project.mjs";

/** Some hosts need a Node newer than ours. */
const NODE = "node@24";
/** What only a real answer of the sandbox has in it, and only one without a key. */
const ANSWERS = { sandbox: /event_[a-z0-9]{20,}/, withoutKey: /missing_key: There is no Exa API key/ };

const { values, positionals } = parseArgs({ options: { keep: { type: "string" } }, allowPositionals: true });
const names = positionals.length > 0 ? positionals : Object.keys(HOSTS);
const unknown = names.filter((name) => HOSTS[name] === undefined);
if (unknown.length > 0) {
  console.error(`no such host: ${unknown.join(", ")}; there are: ${Object.keys(HOSTS).join(", ")}`);
  process.exit(2);
}

await buildIfNeeded();
const { tools } = await readSurface();
const toolNames = tools.map(({ name }) => name);
const folder =
  values.keep === undefined ? mkdtempSync(join(tmpdir(), "websets-events-mcp-hosts-")) : resolve(values.keep);
const rows: Row[] = [];
try {
  await install(join(folder, "node"), [NODE]);
  const node = programIn(join(folder, "node"), "node");
  for (const name of names) {
    const host = HOSTS[name];
    if (host === undefined) continue;
    const row = await tryHost(name, host, node);
    rows.push(row);
    console.log(JSON.stringify(row));
  }
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}

const failed = rows.filter((row) => row.tools < tools.length || !row.sandbox || !row.withoutKey);
for (const { title } of failed) console.error(`not as it should be: ${title}`);
process.exitCode = failed.length > 0 ? 1 : 0;
if (positionals.length === 0) {
  const page = join(root, "docs/hosts.md");
  writeFileSync(page, withMarkedText(readFileSync(page, "utf8"), "hosts", hostsTable(rows, tools.length)));
  console.log(`written: ${page}`);
}

async function tryHost(name: string, host: Host, node: string): Promise<Row> {
  const home = join(folder, name);
  const [version = "?"] = await install(home, host.packages, node);
  const sandbox = await connect(home, host, node, ["--sandbox"]);
  const withoutKey = await connect(home, host, node, []);
  return {
    title: host.title,
    version,
    caller: host.caller,
    ...readRecord(sandbox.record),
    tools: Math.min(...[sandbox, withoutKey].map(({ seen }) => toolNames.filter((tool) => seen(tool)).length)),
    sandbox: ANSWERS.sandbox.test(sandbox.answer),
    withoutKey: ANSWERS.withoutKey.test(withoutKey.answer),
  };
}

/** One connection: what the host said to the server, which tools it knows of, and what came of its call. */
async function connect(home: string, host: Host, node: string, args: string[]) {
  const place = mkdtempSync(join(home, "attempt-"));
  const record = join(place, "record");
  const working = join(place, "work");
  mkdirSync(working);
  const recorder = join(root, "scripts/hosts/recorder.mjs");
  const server = { command: node, args: [recorder, record, join(root, "dist/cli.js"), ...args] };
  const model = await startModel(TOOL);
  try {
    const env = bareEnvironment(node, working);
    const printed = await host.run({ server, home, folder: working, env, modelUrl: model.url });
    const viaModel = host.caller === "a scripted model";
    const answer = viaModel ? model.told.results.join("\n") : printed;
    const offered = viaModel ? [...model.told.tools] : [...printed.matchAll(/\w+/g)].map(([word]) => word);
    if (!ANSWERS[args.length > 0 ? "sandbox" : "withoutKey"].test(answer)) console.error(printed.slice(-2_000));
    // Hosts put something before the name.
    const seen = (tool: string) =>
      offered.some((one) => one === tool || one.endsWith(`_${tool}`) || one.endsWith(`.${tool}`));
    return { record: readFileSync(record, "utf8"), seen, answer };
  } finally {
    await model.close();
    rmSync(place, { recursive: true, force: true });
  }
}
