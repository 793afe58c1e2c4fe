import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../scripts/project.mjs";

export interface Backlog {
  url: string;
  /** Before the first event, in milliseconds since 1970. */
  from: number;
  /** Ends it, and tells how many requests it has had. */
  end(): Promise<number>;
}

/** A sandbox in a process of its own, so that its memory is not the reader's, with that many events spread over the time. */
export async function startBacklog(
  events: number,
  spanMs: number,
  of: "searches" | "items" = "searches",
): Promise<Backlog> {
  const script = join(root, "bench", "support", "backlog-sandbox.ts");
  const args = [join(root, "scripts", "run.mjs"), script, String(events), String(spanMs), of];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { url, from } = JSON.parse(String((await lines.next()).value)) as { url: string; from: number };
  return {
    url,
    from,
    async end() {
      child.stdin.end();
      const { requests } = JSON.parse(String((await lines.next()).value)) as { requests: number };
      await once(child, "exit");
      return requests;
    },
  };
}
