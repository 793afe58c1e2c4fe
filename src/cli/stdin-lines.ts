import { Transform, type TransformCallback } from "node:stream";

/** Longer lines are no request of ours: the longest argument is a cursor of some thousand characters. */
export const LONGEST_LINE_BYTES = 4 * 2 ** 20;

/** Why a line was not passed on. */
export type LineTrouble = "not_json" | "no_message" | "too_long";

/**
 * Passes whole lines of JSON-RPC on and reports what is none: a line that is no JSON, one that is no message (a batch, too, is
 * none), or one that never ends. Without it a broken line would be dropped in silence, and an endless one would end the
 * connection.
 */
export function createLineGuard(onTrouble: (trouble: LineTrouble) => void, longest = LONGEST_LINE_BYTES): Transform {
  let parts: Buffer[] = [];
  let size = 0;
  let skipping = false;

  function endLine(guard: Transform): void {
    const line = Buffer.concat(parts);
    const wasSkipping = skipping;
    parts = [];
    size = 0;
    skipping = false;
    if (wasSkipping || line.toString().trim() === "") return;
    const trouble = troubleOf(line.toString());
    if (trouble === undefined) guard.push(Buffer.concat([line, NEWLINE]));
    else onTrouble(trouble);
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      let rest = chunk;
      for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
        take(rest.subarray(0, end));
        endLine(this);
        rest = rest.subarray(end + 1);
      }
      take(rest);
      done();
    },
    flush(done: TransformCallback) {
      if (size > 0 && !skipping) onTrouble("not_json");
      done();
    },
  });

  function take(part: Buffer): void {
    if (part.length === 0 || skipping) return;
    size += part.length;
    if (size <= longest) {
      parts.push(part);
      return;
    }
    parts = [];
    skipping = true;
    onTrouble("too_long");
  }
}

const NEWLINE = Buffer.from("\n");

function troubleOf(line: string): LineTrouble | undefined {
  try {
    const message: unknown = JSON.parse(line);
    const isMessage = typeof message === "object" && message !== null && "jsonrpc" in message;
    return isMessage && message.jsonrpc === "2.0" ? undefined : "no_message";
  } catch {
    return "not_json";
  }
}
