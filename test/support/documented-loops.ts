import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { instructions } from "../../src/prompts/track-webset.ts";

/** Calls a tool and resolves to its result, however often it has to be called. */
// biome-ignore lint/suspicious/noExplicitAny: what a result holds is up to the tool.
export type Call = (name: string, args: Record<string, unknown>) => Promise<any>;

const EXAMPLE = join(import.meta.dirname, "../../examples/follow-webset.ts");

/** The loop of docs/loops.md, which is that of the example: the very text, run on a client of ours. */
export function followAsDocumented(call: Call, websetId: string): Promise<void> {
  const loop = /^async function follow\(.*?^}$/ms.exec(readFileSync(EXAMPLE, "utf8"));
  if (loop === null) throw new Error("the example has no function follow any more");
  const { code } = transformSync(loop[0], { loader: "ts" });
  const follow = new Function("call", "console", `${code}\nreturn follow;`)(call, { log: () => {} });
  return follow(websetId);
}

/** Step 5 of the prompt, with the cursor of its step 1. */
export async function readAsThePromptSays(call: Call, websetId: string, cursor: string): Promise<void> {
  const step = /^5\. .*$/m.exec(instructions(websetId))?.[0] ?? "";
  const number = (name: string) => Number(new RegExp(`\\b${name} (\\d+)`).exec(step)?.[1]);
  const args = { websetId, types: ["webset.item.created"], limit: number("limit") };
  for (const said of ['types ["webset.item.created"]', "after the cursor of step 1", 'Until its outcome is "quiet"']) {
    if (!step.includes(said)) throw new Error(`step 5 of the prompt does not say ${said} any more`);
  }
  for (let after = cursor, isQuiet = false; !isQuiet; ) {
    const news = await call("wait_for_webset_event", { ...args, after, timeoutSeconds: number("timeoutSeconds") });
    after = news.cursor;
    isQuiet = news.outcome === "quiet";
  }
}
