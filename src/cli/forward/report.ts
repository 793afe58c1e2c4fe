import { isTransient, type WebsetsError } from "../../shared/errors.ts";
import { plainText } from "../../shared/text.ts";
import type { CommandContext } from "../command-context.ts";
import { inShell, stillTrying } from "../exit-codes.ts";
import { cut, jsonText } from "../terminal.ts";
import { type DeliveryNews, queueOf, type Target } from "./delivery.ts";
import type { StateFile } from "./state-file.ts";

/** Of types and ids this much is shown, in characters. */
const LONGEST_ID = 200;

export interface ReportOptions extends Pick<CommandContext, "out" | "err" | "clock"> {
  /** One JSON object a line, also where a person looks. */
  json: boolean;
  target: Pick<Target, "name">;
  /** stdout is the command's then. */
  isCommand: boolean;
  /** Whether there is a next run that goes on. */
  isLasting: boolean;
}

/** Says what happens: what was delivered on stdout, or nowhere where that belongs to a command, and errors on stderr. */
export class Report {
  readonly #options: ReportOptions;
  #hasError = false;
  #note: string | undefined;
  #delivered = 0;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  async begin({ pending, updatedAt, path }: StateFile, since: string | undefined): Promise<void> {
    const { target, isLasting } = this.#options;
    const left = pending.length === 0 ? "" : `, with ${pending.length} still to be delivered`;
    const fresh = since === undefined ? "now" : JSON.stringify(since);
    const from = updatedAt === undefined ? fresh : `where it ended at ${updatedAt}${left}`;
    await this.#say(`Forwarding to ${target.name}, from ${from} on.${isLasting ? ` State: ${path}` : ""}`);
  }

  /** Whoever has only corrected the URL or the command wants to go on where it ended. */
  async others(paths: readonly string[]): Promise<void> {
    const [path, ...more] = paths;
    if (path === undefined) return;
    const which = more.length === 0 ? path : `${path} and ${more.length} more`;
    await this.#say(`These events went to another target before. To go on where that ended: --state ${which}`, "dim");
  }

  async end({ pending }: StateFile): Promise<void> {
    const left = pending.length === 0 ? "" : `, ${pending.length} still to be`;
    const next = this.#options.isLasting ? " The same command goes on from here." : "";
    await this.#say(`Ended: ${this.#delivered} delivered${left}.${next}`);
  }

  /** A lost connection is said once, and once that it is back. */
  async transientError(error: WebsetsError | undefined): Promise<void> {
    // What could be an accident is asked once more, and then told as what it is.
    if (this.#hasError === (error !== undefined) || (error !== undefined && !isTransient(error))) return;
    this.#hasError = error !== undefined;
    await this.#say(error === undefined ? "The API answers again." : stillTrying(error), "dim");
  }

  /** What could not be read or told as usual. */
  async note(note: string | undefined): Promise<void> {
    if (note !== undefined && note !== this.#note) await this.#say(inShell(note), "yellow");
    this.#note = note;
  }

  /** That the last run ended longer ago than events are kept. */
  async tooLate(until: string): Promise<void> {
    await this.#say(`The API keeps events for 60 days: what was created before ${until} and not read is lost.`, "red");
  }

  async tell(news: DeliveryNews): Promise<void> {
    const { json, out, err, isCommand, clock } = this.#options;
    const { kind, entry, attempt, how } = news;
    const { eventId, type, websetId } = entry;
    if (kind === "delivered") this.#delivered++;
    // Ids are whatever the API sends; here they go to a terminal.
    const id = plainText(`${eventId} (${queueOf(entry)})`, LONGEST_ID);
    const label = `${plainText(type, LONGEST_ID)} ${id}`;
    if (kind === "given_up") {
      await this.#say(`GIVEN UP at attempt ${attempt}: ${label}: ${how}. It is in ${news.deadLetters}`, "red");
    }
    if (json || (!out.isTTY && !isCommand)) {
      const more =
        kind === "retrying" ? { nextInMs: Math.round(news.delayMs) } : kind === "delivered" ? { ms: news.ms } : {};
      const told = { outcome: kind, eventId, type, websetId, attempts: attempt, how, ...more };
      await (isCommand ? err : out).line(jsonText(told));
    } else if (kind === "retrying") {
      const next = `attempt ${attempt} failed, next in ${Math.ceil(news.delayMs / 1_000)} s`;
      await this.#say(`${label}: ${how}; ${next}`, "yellow");
    } else if (kind === "delivered" && !isCommand) {
      const time = out.paint("dim", new Date(clock.wallTime()).toLocaleTimeString("en-GB"));
      const line = `${plainText(type, LONGEST_ID)} ${how}, ${news.ms} ms: ${id}`;
      await out.line(`${time} ${cut(line, out.columns - "00:00:00 ".length)}`);
    }
  }

  async #say(text: string, style?: "dim" | "yellow" | "red"): Promise<void> {
    const { err } = this.#options;
    await err.line(style === undefined ? text : err.paint(style, text));
  }
}
