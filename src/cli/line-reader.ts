import { IdScanner, sdkId } from "../messages/message-id.ts";
import { INVALID_REQUEST, type Refusal, refusal } from "../messages/read-message.ts";

/** The answer to a line that was not read because it is too long. */
export function tooLong(rawId: string | undefined): Refusal {
  const id = rawId === undefined ? undefined : sdkId(JSON.parse(rawId), () => rawId);
  return refusal(id, INVALID_REQUEST, "Invalid request: the line is longer than 4 MiB and was ignored");
}

/** Longer lines are no request of ours: the longest argument is a cursor of some thousand characters. */
export const LONGEST_LINE_BYTES = 4 * 2 ** 20;

export interface LineHandlers {
  /** A whole line without its break. */
  onLine(line: string): void;
  /** A line that is longer than that, once, with the id of its message where it can be read. */
  onTooLong(rawId: string | undefined): void;
}

const NEWLINE = 0x0a;

/** Cuts what comes in into lines, and skips those that are too long: an endless one must not end the connection. */
export class LineReader {
  readonly #handlers: LineHandlers;
  readonly #longest: number;
  #parts: Buffer[] = [];
  #size = 0;
  /** Reads what is too long for the id it may still have. */
  #skipping: { scanner: IdScanner; isTold: boolean } | undefined;

  constructor(handlers: LineHandlers, longest = LONGEST_LINE_BYTES) {
    this.#handlers = handlers;
    this.#longest = longest;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      this.#take(rest.subarray(0, end));
      this.end();
      rest = rest.subarray(end + 1);
    }
    this.#take(rest);
  }

  /** What has come since the last line break is a line. */
  end(): void {
    const line = Buffer.concat(this.#parts).toString();
    const skipped = this.#skipping;
    this.#parts = [];
    this.#size = 0;
    this.#skipping = undefined;
    if (skipped === undefined) {
      if (line.trim() !== "") this.#handlers.onLine(line);
    } else if (!skipped.isTold) this.#handlers.onTooLong(skipped.scanner.raw);
  }

  #take(part: Buffer): void {
    if (part.length === 0) return;
    this.#size += part.length;
    if (this.#skipping === undefined) {
      this.#parts.push(part);
      if (this.#size <= this.#longest) return;
      this.#skipping = { scanner: new IdScanner(), isTold: false };
      for (const one of this.#parts) this.#skipping.scanner.push(one);
      this.#parts = [];
    } else if (!this.#skipping.isTold) this.#skipping.scanner.push(part);
    const { raw } = this.#skipping.scanner;
    if (this.#skipping.isTold || raw === undefined) return;
    this.#skipping.isTold = true;
    this.#handlers.onTooLong(raw);
  }
}
