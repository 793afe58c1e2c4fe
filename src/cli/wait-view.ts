import { isAbort } from "../shared/errors.ts";
import type { Outcome } from "../webset/decide.ts";
import { duration, howFar, isFinished, type Progress } from "../webset/progress.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { type Piece, padded, widthOf } from "./terminal.ts";

/** One Webset that is waited for, as far as it is known. */
export interface Followed {
  websetId: string;
  progress?: Progress | null | undefined;
  /** What keeps it from being known better. */
  lastError?: string | undefined;
  end?: End;
}

/** How a wait for a Webset ended. */
export interface End {
  code: number;
  /** The tool's last result, where it answered. */
  result?: Result;
  /** What went wrong, for a person. */
  says?: string | undefined;
}

/** What the tool answers, as far as it is shown. */
export type Result = Record<string, unknown> & {
  outcome: Outcome;
  cursor: string | null;
  warning?: string;
  progress: Progress | null;
};

export interface WaitViewFlags {
  items?: string;
  search?: string;
  json?: boolean;
  quiet?: boolean;
}

/** What is left of an estimate, and how long it has taken, is drawn again this often, in milliseconds. */
const TICK_MS = 1_000;
const WIDEST_BAR = 24;
const NARROWEST_BAR = 8;
/** Narrower terminals have no room for every word. */
const WIDE = 60;

/**
 * What a person sees of a wait: on stderr a bar for each Webset, or a line for each change where no terminal draws it; on stdout how each
 * ended, as JSON for programs.
 */
export class WaitView {
  readonly #followed: readonly Followed[];
  readonly #flags: WaitViewFlags;
  readonly #context: CommandContext;
  readonly #startedAt: number;
  readonly #isDrawn: boolean;
  readonly #closing = new AbortController();
  readonly #ticking: Promise<void> | undefined;
  /** Of each Webset, what was told of it last where lines are written: what counts as a change, and the line. */
  readonly #told = new Map<Followed, readonly [string, string]>();

  constructor(followed: readonly Followed[], flags: WaitViewFlags, context: CommandContext) {
    const { err, clock } = context;
    this.#followed = followed;
    this.#flags = flags;
    this.#context = context;
    this.#startedAt = clock.now();
    this.#isDrawn = err.canRedraw && !flags.quiet;
    if (this.#isDrawn) this.#ticking = this.#tick();
  }

  /** Takes what is newly known of a Webset, and shows it where that is a change. */
  async show(one: Followed, news: Pick<Followed, "progress" | "lastError">): Promise<void> {
    const { progress, lastError } = { ...one, ...news };
    // Until one request succeeds, it is one error in other words.
    const isNewError = lastError !== undefined && one.lastError === undefined;
    Object.assign(one, { progress, lastError });
    if (this.#flags.quiet) return;
    const { err } = this.#context;
    if (isNewError) await err.line(err.paint("dim", `${this.#nameOf(one)}${lastError}`));
    if (this.#isDrawn) return this.#draw();
    if (!progress) return;
    const [change, line] = this.#told.get(one) ?? [];
    const now = [changeOf(progress), progress.summary] as const;
    if (now[0] === change || now[1] === line) return;
    this.#told.set(one, now);
    await err.line(`${this.#nameOf(one)}${progress.summary}`);
  }

  /** Says how the wait for a Webset ended: a line for a person, an object for a program. */
  async ended(one: Followed): Promise<void> {
    const { out, err } = this.#context;
    const { json, quiet } = this.#flags;
    const { result, says, code } = one.end ?? { code: EXIT.failure };
    if (says !== undefined) await err.line(`websets-events-mcp: ${says}`);
    if (json || !(out.isTTY || quiet)) {
      if (result !== undefined) await out.line(JSON.stringify(this.#forPrograms(one.websetId, result)));
    } else if (!quiet && result !== undefined) {
      const how = result.outcome === "still_running" ? "out of time" : result.outcome.replaceAll("_", " ");
      const summary = result.progress === null ? "" : `: ${result.progress.summary}`;
      const painted = out.paint(code === EXIT.asked ? "green" : "yellow", how);
      await out.line(`${this.#nameOf(one)}${painted} after ${this.#waited()}${summary}`);
      const hasFound = code === EXIT.asked && this.#followed.length === 1 && result.progress?.found;
      if (hasFound) await err.line(err.paint("dim", `What it found: websets-events-mcp items ${one.websetId}`));
    }
    await this.#draw();
  }

  /** Says after Ctrl+C how to go on. */
  async interrupted(): Promise<void> {
    const open = this.#followed.filter(({ end }) => end === undefined);
    const far = open.flatMap((one) => (one.progress ? `${this.#nameOf(one)}${one.progress.summary}` : [])).join("\n");
    const { err } = this.#context;
    if (far !== "") await err.line(far);
    const goOn = open.length === 1 ? "The Webset goes on by itself" : "The Websets go on by themselves";
    await err.line(`Stopped after ${this.#waited()}. ${goOn}; the same command waits again.`);
  }

  /** Takes away what moves. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ticking;
    await this.#draw();
  }

  #forPrograms(websetId: string, { outcome, cursor, warning, progress }: Result) {
    const waitedSeconds = Math.round((this.#context.clock.now() - this.#startedAt) / 100) / 10;
    return { websetId, outcome, waitedSeconds, cursor, ...(warning === undefined ? {} : { warning }), progress };
  }

  #waited(): string {
    return duration((this.#context.clock.now() - this.#startedAt) / 1_000);
  }

  /** Where there is one, everybody knows which one it is. */
  #nameOf({ websetId }: Followed): string {
    return this.#followed.length === 1 ? "" : `${websetId}: `;
  }

  async #draw(): Promise<void> {
    if (!this.#isDrawn) return;
    const open = this.#closing.signal.aborted ? [] : this.#followed.filter(({ end }) => end === undefined);
    await this.#context.err.draw(open.flatMap((one) => this.#linesOf(one)));
  }

  /** On a terminal: which one it is, and how far; of one alone in two lines. */
  #linesOf(one: Followed): Piece[][] {
    const { progress, lastError, websetId } = one;
    const waiting: Piece[] = [["dim", lastError === undefined ? "asking the API" : "the API does not answer"]];
    const far = progress ? this.#bar(progress) : waiting;
    if (this.#followed.length === 1)
      return [
        [
          ["bold", progress?.title ?? websetId],
          ["dim", `  ${this.#waited()}`],
        ],
        far,
      ];
    const widest = Math.max(...this.#followed.map((each) => widthOf(each.websetId)));
    const width = Math.min(widest, Math.floor(this.#context.err.columns / 3));
    return [[["bold", padded(websetId, width)], "  ", ...far]];
  }

  #bar(progress: Progress): Piece[] {
    const { searches, enrichments, status } = progress;
    const { items, search: searchId } = this.#flags;
    const waitedFor = searches.find((one) => one.searchId === searchId);
    const search = waitedFor ?? searches.find((one) => !isFinished(one)) ?? searches.at(-1);
    if (search === undefined) return [progress.summary];
    const found = items === undefined || waitedFor !== undefined ? search.found : progress.found;
    const target = items === undefined ? search.target : Number(items);
    const share = found === null || !target ? (search.completion ?? 0) / 100 : Math.min(1, found / target);

    const { columns } = this.#context.err;
    const width = Math.min(WIDEST_BAR, Math.max(NARROWEST_BAR, Math.floor(columns / 7)));
    const full = Math.round(share * width);
    const how = howFar({ ...search, found, target });
    const facts = status === "running" && search.status === "running" ? how.replace(/^running: /, "") : how;
    const pending = enrichments.filter((one) => one.status === "pending").length;
    const more = pending === 0 ? "" : `; ${pending} of ${enrichments.length} enrichments pending`;
    // What is known of an end comes first where there is no room for all.
    const far = columns < WIDE ? facts.replace(" found", "").replace("about ", "") : facts;
    return [
      ["green", "█".repeat(full)],
      ["dim", "░".repeat(width - full)],
      `  ${status === "running" ? "" : `${status}; `}${far}${more}`,
    ];
  }

  async #tick(): Promise<void> {
    try {
      for (;;) {
        await this.#draw();
        await this.#context.clock.sleep(TICK_MS, this.#closing.signal);
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}

/** What counts as a change where each is a line: numbers that only count down or up to an estimate do not. */
function changeOf({ status, found, searches, enrichments, imports }: Progress): string {
  const parts = [searches, enrichments, imports].map((list) => list.map((one) => one.status));
  return JSON.stringify([status, found, parts]);
}
