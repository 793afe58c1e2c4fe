// Follows a Webset as an agent would: wait, react to each new item once, stop when the search has ended.
//
//   node scripts/run.mjs examples/follow-webset.ts [websetId]
//
// With EXA_API_KEY it follows a Webset of yours (the newest, unless you name one); without a key, one in a sandbox.
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const { EXA_API_KEY = "", EXA_BASE_URL = "" } = process.env;
const server = join(import.meta.dirname, "../dist/cli.js");
const client = new Client({ name: "follow-webset", version: "1.0.0" });
process.stdout.on("error", () => process.exit()); // Whoever reads it may have read enough, as `head` has.

try {
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: EXA_API_KEY === "" ? [server, "--sandbox"] : [server],
      env: { EXA_API_KEY, EXA_BASE_URL },
    }),
  );
  await follow(process.argv[2]);
} catch (error) {
  console.error(`Could not follow the Webset: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await client.close();
}

async function follow(wanted: string | undefined) {
  const found = await call("list_webset_events", { types: ["webset.created"], websetId: wanted, limit: 1 });
  const [created] = found.events;
  if (created === undefined) throw new Error("the API knows of no such event as its creation in the last 60 days");
  const websetId = created.resource.id;
  console.log(`${websetId}: ${created.summary}`);

  let cursor = created.createdAt; // A time is a place to start from, too: no item is older than its Webset.
  for (let running = true; running; ) {
    const waited = await call("wait_for_webset", { websetId, timeoutSeconds: 10 });
    running = waited.outcome === "still_running";
    console.log(`${waited.outcome}: ${waited.progress?.summary ?? "no state yet"}`);
    for (let more = true; more; ) {
      const news = await call("wait_for_webset_event", {
        types: ["webset.item.created"],
        websetId,
        after: cursor,
        limit: 100,
        timeoutSeconds: running ? 0 : 7, // The API may show an event up to 5 s late: the last look waits for those.
      });
      for (const item of news.events) console.log(`  ${item.summary}`); // React here: each item comes once.
      cursor = news.cursor;
      more = running ? news.more : news.outcome !== "quiet"; // Quiet: everything visible has been read.
    }
  }
}

/** Calls a tool and returns its result; what a tool answers as an error is thrown. */
async function call(name: string, args: Record<string, unknown>): Promise<Result> {
  const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
  if (isError) throw new Error(content.map((part) => (part.type === "text" ? part.text : part.type)).join("\n"));
  return structuredContent as Result;
}

interface Result {
  outcome: string;
  more: boolean;
  progress: { summary: string } | null;
  events: { id: string; resource: { id: string }; createdAt: string; summary: string }[];
  cursor: string;
}
