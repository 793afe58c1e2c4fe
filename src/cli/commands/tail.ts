import { linkAbort, orAbort } from "../../shared/abort.ts";
import { isAbort, isAboutQuestion, isTransient, type WebsetsError } from "../../shared/errors.ts";
import type { PresentedEvent } from "../../tools/summary.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, inShell, stillTrying } from "../exit-codes.ts";
import { UsageError } from "../flags.ts";
import { followEvents, LONGEST_SECONDS, RETRY_MS } from "../follow-events.ts";
import { cut, endReason, jsonText, READER_GONE, type Style } from "../terminal.ts";

export interface TailFlags {
  /** As one text. */
  types?: string;
  webset?: string;
  problems?: boolean;
  itemsReady?: boolean;
  /** A cursor, a time or an age. */
  since?: string;
  /** False: what there is, and no more. */
  follow?: boolean;
  /** Ends when this Webset is idle, and all that happened by then is told. */
  untilIdle?: string;
  full?: boolean;
  json?: boolean;
}

/** How far back it goes where it waits for nothing, and nobody said since when. */
const SINCE_WITHOUT_FOLLOWING = "1d";
/** A narrower terminal has no room for types; the lines say what happened, too. */
const LEAST_COLUMNS_FOR_TYPES = 120;
/** Of ages and times; cursors say nothing to a person. */
const LONGEST_TIME = "2026-11-01T12:00:00.000+02:00".length;
const TYPE_COLUMNS = "webset.search.completed".length;

const STYLES: Readonly<Record<string, Style>> = {
  webset: "magenta",
  search: "cyan",
  item: "green",
  export: "yellow",
  import: "yellow",
  monitor: "blue",
  monitor_run: "blue",
};

/** Shows events as they happen. Returns how it ended; throws `WebsetsError` and an AbortError, and has said then how to go on. */
export async function tail(flags: TailFlags, context: CommandContext): Promise<number> {
  const { types, webset, problems, itemsReady, since, follow = true, untilIdle, full } = flags;
  if (untilIdle !== undefined && !follow) throw new UsageError("--no-follow and --until-idle exclude each other");
  const stop = linkAbort(context.signal);
  const ending = new AbortController();
  const end = untilIdle === undefined ? undefined : waitUntilIdle(untilIdle, context, stop.signal);
  // How it ended is said when the events are told; what failed ends them.
  end?.then(
    () => ending.abort(),
    () => stop.abort(),
  );
  const lines = new Lines(flags, context);
  /** Where to go on if it ends now. */
  let place: string | undefined;
  try {
    const found = followEvents(
      {
        filter: { types, websetId: webset, problems, itemsReady, detail: full ? "full" : "summary" },
        since: since ?? (follow ? undefined : SINCE_WITHOUT_FOLLOWING),
        once: !follow,
        ending: ending.signal,
        signal: stop.signal,
        onTransientError: (error) => void lines.transientError(error),
        onMoved(to) {
          place = to;
        },
      },
      context,
    );
    await lines.begin();
    for await (const { events, cursor, note } of found) {
      place ??= events[0]?.createdAt;
      for (const event of events) await orAbort(lines.event(event), stop.signal);
      place = cursor;
      await lines.note(note);
    }
    return end === undefined ? EXIT.asked : await lines.end(await end);
  } catch (error) {
    if (isAbort(error) && !context.signal.aborted) await end;
    // What was asked for wrongly cannot go on.
    if (place !== undefined && !isAboutQuestion(error) && endReason(context.signal) !== READER_GONE) {
      await context.err.line(`To go on from here: ${commandFrom(place, flags)}`);
    }
    throw error;
  } finally {
    stop.abort();
  }
}

interface Ended {
  outcome: string;
  progress: { summary: string } | null;
}

/** Waits until the Webset is idle, and tells how it ended; throws what does not pass. */
async function waitUntilIdle(
  websetId: string,
  { call, clock }: Pick<CommandContext, "call" | "clock">,
  signal: AbortSignal,
): Promise<Ended> {
  for (;;) {
    try {
      const args = { websetId, until: "idle", timeoutSeconds: LONGEST_SECONDS };
      const ended = (await call("wait_for_webset", args, { signal })) as unknown as Ended;
      if (ended.outcome !== "still_running") return ended;
    } catch (error) {
      if (!isTransient(error)) throw error;
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

/** What is said, and where: events on stdout, everything else on stderr. */
class Lines {
  readonly #context: Pick<CommandContext, "out" | "err" | "clock">;
  readonly #flags: Pick<TailFlags, "follow" | "since">;
  readonly #json: boolean;
  #hasError = false;
  #note: string | undefined;

  constructor(
    flags: Pick<TailFlags, "json" | "follow" | "since">,
    context: Pick<CommandContext, "out" | "err" | "clock">,
  ) {
    this.#flags = flags;
    this.#context = context;
    this.#json = flags.json ?? !context.out.isTTY;
  }

  /** Whoever looks at a terminal on which nothing happens should know that this is it. */
  async begin(): Promise<void> {
    const { follow = true, since } = this.#flags;
    const from = since === undefined ? "from now on" : since.length > LONGEST_TIME ? "from there on" : `since ${since}`;
    if (follow && this.#context.out.isTTY && this.#context.err.isTTY) await this.#aside(`Events ${from}. Ctrl+C ends.`);
  }

  async event(event: PresentedEvent): Promise<void> {
    const { out } = this.#context;
    if (this.#json) return out.line(jsonText(event));
    await out.line(this.#line(event));
    if (event.data !== undefined) await out.line(out.paint("dim", jsonText(event.data, 2)));
  }

  #line({ createdAt, type, resource, summary, problem }: PresentedEvent): string {
    const { out } = this.#context;
    const style = problem === undefined ? STYLES[resource.kind] : "red";
    const inColor = (text: string) => (style === undefined || text === "" ? text : out.paint(style, text));
    const time = this.#timeOf(Date.parse(createdAt));
    const shownType = out.columns < LEAST_COLUMNS_FOR_TYPES ? "" : `${type.padEnd(TYPE_COLUMNS)} `;
    const text = cut(summary, out.columns - time.length - 1 - shownType.length);
    // Without its type the line itself shows the kind.
    const isInColor = shownType === "" || problem !== undefined;
    return `${out.paint("dim", time)} ${inColor(shownType)}${isInColor ? inColor(text) : text}`;
  }

  /** A lost connection is said once, and once that it is back. */
  async transientError(error: WebsetsError | undefined): Promise<void> {
    // An answer that is looked for a second time before it is believed is an answer.
    if (this.#hasError === (error !== undefined) || (error !== undefined && !isTransient(error))) return;
    this.#hasError = error !== undefined;
    await this.#aside(error === undefined ? "The API answers again." : stillTrying(error));
  }

  /** What could not be read or told as usual. */
  async note(note: string | undefined): Promise<void> {
    if (note !== undefined && note !== this.#note) await this.#aside(inShell(note));
    this.#note = note;
  }

  /** How it has ended with the Webset that was waited for: a script is told only where that is not as asked. */
  async end({ outcome, progress }: Ended): Promise<number> {
    const isIdle = outcome === "reached";
    if (!isIdle || this.#context.err.isTTY) await this.#aside(progress?.summary ?? `The Webset is ${outcome}.`);
    return isIdle ? EXIT.asked : EXIT.stopped;
  }

  async #aside(text: string): Promise<void> {
    const { err, clock } = this.#context;
    await err.line(err.paint("dim", `${this.#timeOf(clock.wallTime())} ${text}`));
  }

  /** A time as a person reads it where they are, with its day if that is not today. */
  #timeOf(time: number): string {
    const [date, today] = [new Date(time), new Date(this.#context.clock.wallTime())];
    const two = (number: number) => String(number).padStart(2, "0");
    const ofDay = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
    return date.toDateString() === today.toDateString()
      ? ofDay
      : `${two(date.getMonth() + 1)}-${two(date.getDate())} ${ofDay}`;
  }
}

/** The command that goes on at a place. */
function commandFrom(place: string, { types, webset, problems, itemsReady, untilIdle, full, json }: TailFlags): string {
  const words = [
    "websets-events-mcp tail",
    ...(types === undefined ? [] : ["--types", types]),
    ...(webset === undefined ? [] : ["--webset", webset]),
    ...(problems ? ["--problems"] : []),
    ...(itemsReady ? ["--items-ready"] : []),
    ...(untilIdle === undefined ? [] : ["--until-idle", untilIdle]),
    ...(full ? ["--full"] : []),
    ...(json ? ["--json"] : []),
    "--since",
    place,
  ];
  return words
    .map((word, index) => (index === 0 || /^[\w@%+=:,./-]+$/.test(word) ? word : quotedForShell(word)))
    .join(" ");
}

function quotedForShell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
