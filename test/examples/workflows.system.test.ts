import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect } from "vitest";
import { blocksOf } from "../support/code-blocks.ts";
import { eventually } from "../support/eventually.ts";
import { test as base } from "../support/stdio-test.ts";
import type { Upstream } from "../support/upstream.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/workflows.md"), "utf8");
const ITEMS = 4;

interface Folder {
  path: string;
  /** Runs a block of the page there, until it or the test ends. */
  run(block: string, env: Record<string, string>): { ended: Promise<void>; output(): string };
}

/** A folder with the scripts in it, in which what the page says is run as it stands there. */
const test = base.extend<{ folder: Folder }>({
  folder: async ({ onTestFinished }, use) => {
    const path = mkdtempSync(join(tmpdir(), "workflows-"));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    cpSync(join(root, "examples/workflows"), path, { recursive: true });
    mkdirSync(join(path, "bin"));
    // In the place of the published package.
    const npx = `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(root, "dist/cli.js")}' "$@"\n`;
    writeFileSync(join(path, "bin", "npx"), npx, { mode: 0o755 });
    const PATH = [join(path, "bin"), dirname(process.execPath), process.env.PATH].join(":");
    await use({
      path,
      run(block, env) {
        const child = spawn("sh", ["-c", block], { cwd: path, env: { PATH, HOME: path, ...env }, detached: true });
        let output = "";
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding("utf8").on("data", (text: string) => {
            output += text;
          });
        }
        const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
        const stop = async () => {
          if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), "SIGINT");
          await ended;
        };
        onTestFinished(stop);
        return { ended, output: () => output };
      },
    });
  },
});

/** What the page says to run this script with, for a Webset. */
function blockWith(script: string, websetId: string): string {
  const block = blocksOf(page, "sh").find((one) => one.includes(script)) ?? "";
  expect(block).toContain("WEBSET");
  return block.replaceAll("WEBSET", websetId);
}

const SEARCH = { query: "Makers of cargo bikes", count: ITEMS };

/** A Webset in which nothing has happened yet. */
function createWebset({ world }: Upstream): string {
  const enrichments = [{ description: "Contact email for sales", format: "email" } as const];
  return world.createWebset({ title: "Bikes", enrichments }).id;
}

/** Starts a search once somebody reads events: the first run of a workflow begins with what happens from then on. */
async function searchWhenFollowed({ world, requests }: Upstream, websetId: string): Promise<void> {
  await eventually(() => (requests.counts["GET /websets/v0/events"] ?? 0) > 0);
  world.createSearch(websetId, SEARCH);
}

/** Runs a script as `forward` does for one event. */
function runOnce(folder: Folder, command: readonly string[], event: object): void {
  const [program = "", ...args] = command;
  const { status, stderr } = spawnSync(program, args, {
    cwd: folder.path,
    input: JSON.stringify(event),
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

describe("docs/workflows.md", () => {
  test("puts each item with its values into a spreadsheet", async ({ startSandbox, folder }) => {
    const upstream = await startSandbox();
    const id = createWebset(upstream);
    folder.run(blockWith("append-to-csv.mjs", id), upstream.env);
    await searchWhenFollowed(upstream, id);
    const file = join(folder.path, "items.csv");
    const rows = () => (existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : []);
    await eventually(() => rows().length === 1 + ITEMS);
    expect(rows()[0]).toBe("item,found at,name,url,description,enrichments");
    for (const row of rows().slice(1)) expect(row).toMatch(/^witem_\w+,2\d{3}-.*https:\/\/.*(?:@.*)?$/);
    expect(new Set(rows()).size).toBe(1 + ITEMS);
    expect(rows().some((row) => row.includes("@"))).toBe(true);
  });

  test("puts an item into it once however often it comes, and nothing that it would run", ({ folder }) => {
    const company = { name: '=HYPERLINK("https://evil.example")' };
    const properties = { type: "company", url: "https://odd.example/", description: 'Says "a, b"\nand more', company };
    const enrichments = [{ result: ["+1 555"] }, { result: null }, { result: ["a", "b"] }];
    const data = { id: "witem_1", createdAt: "2026-11-01T12:00:00.000Z", properties, enrichments };
    for (let time = 0; time < 2; time++) {
      runOnce(folder, [process.execPath, "append-to-csv.mjs", "odd.csv"], { type: "webset.item.enriched", data });
    }
    runOnce(folder, [process.execPath, "append-to-csv.mjs", "odd.csv"], {
      type: "webset.idle",
      data: { id: "webset_1" },
    });
    expect(readFileSync(join(folder.path, "odd.csv"), "utf8")).toBe(
      `item,found at,name,url,description,enrichments
witem_1,2026-11-01T12:00:00.000Z,"'=HYPERLINK(""https://evil.example"")",https://odd.example/,"Says ""a, b""
and more",'+1 555,,"a, b"
`,
    );
  });

  test("posts each item to a chat, and tries one that the chat does not take again before the next", async ({
    startSandbox,
    startStandIn,
    folder,
  }) => {
    const texts: string[] = [];
    let refused: string | undefined;
    const chat = await startStandIn(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      const { text } = JSON.parse(body);
      if (texts.length === 1 && refused === undefined) {
        refused = text;
        return response.writeHead(500).end();
      }
      texts.push(text);
      response.end("ok");
    });
    const upstream = await startSandbox();
    const id = createWebset(upstream);
    const block = blockWith("post-to-chat.mjs", id).replace(/https:\/\/hooks\S+/, chat.url);
    folder.run(block, upstream.env);
    await searchWhenFollowed(upstream, id);
    await eventually(() => texts.length > ITEMS);
    expect(texts.filter((text) => /^[^\n]+\nhttps:\/\/\S+(?:\n|$)/.test(text))).toHaveLength(ITEMS);
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.filter((text) => text.startsWith("webset.idle: "))).toHaveLength(1);
    expect(texts[1]).toBe(refused);
  });

  test("keeps each event as a file", async ({ startSandbox, folder }) => {
    const upstream = await startSandbox();
    const id = createWebset(upstream);
    folder.run(blockWith("save-event.sh", id), upstream.env);
    await searchWhenFollowed(upstream, id);
    const inbox = join(folder.path, "inbox");
    const files = () => (existsSync(inbox) ? readdirSync(inbox).filter((name) => name.endsWith(".json")) : []);
    await eventually(() => files().length > ITEMS);
    const events = files().map((name) => ({ name, ...JSON.parse(readFileSync(join(inbox, name), "utf8")) }));
    for (const { name, id: eventId } of events) expect(name).toBe(`${eventId}.json`);
    expect(events.filter(({ type }) => type.startsWith("webset.item."))).toHaveLength(ITEMS);
  });

  test("shows what a script would get", async ({ startSandbox, folder }) => {
    const upstream = await startSandbox();
    const id = createWebset(upstream);
    upstream.world.createSearch(id, SEARCH);
    await eventually(() => upstream.world.getWebset(id).status === "idle");
    const { output, ended } = folder.run(blockWith("tail", id), upstream.env);
    await ended;
    const events = output()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.filter(({ data }) => data.object === "webset_item")).toHaveLength(ITEMS);
  });
});
