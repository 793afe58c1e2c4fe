import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { homedir, platform, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { linkAbort } from "../../shared/abort.ts";
import { abortError, isAbort } from "../../shared/errors.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT } from "../exit-codes.ts";
import { lengthFlag, numberFlag, quoted, UsageError } from "../flags.ts";
import { Deliveries, type DeliveriesOptions, type Target } from "../forward/delivery.ts";
import { Reading } from "../forward/reading.ts";
import { Report } from "../forward/report.ts";
import { type Files, type Filter, filterKey, StateError, StateFile, stateFolder } from "../forward/state-file.ts";
import { isRunnable, openCommandTarget, openUrlTarget, withoutCredentials } from "../forward/targets.ts";
import { endReason, READER_GONE } from "../terminal.ts";

/** Deliveries that have begun when the program is told to end get this long, in milliseconds. */
const GRACE_MS = 5_000;
/** Where nothing happens, how far it was read is written this often, in milliseconds: the next run has less to read. */
const SAVE_MS = 60_000;

/** The flags as their texts. */
export interface ForwardOptions {
  to?: string | undefined;
  /** What stands behind `--`. */
  command: readonly string[];
  secretEnv?: string | undefined;
  types?: readonly string[] | undefined;
  webset?: string | undefined;
  itemsReady?: boolean | undefined;
  problems?: boolean | undefined;
  since?: string | undefined;
  parallel?: string | undefined;
  attempts?: string | undefined;
  commandTimeout?: string | undefined;
  state?: string | undefined;
  json?: boolean | undefined;
  /** The scenario of the sandbox that stands in the API's place. */
  sandbox?: string | undefined;
}

/** What tests put in the place of what is used. */
export interface ForwardParts {
  files?: Files;
  /** Around the target that the options name. */
  around?(target: Target): Target;
}

/**
 * Delivers each event of a filter to a URL or a command, at least once and per Webset in order, until it is told to end. What was
 * delivered is in a state file, from which the next run goes on.
 */
export async function forward(
  options: ForwardOptions,
  context: CommandContext,
  parts: ForwardParts = {},
): Promise<number> {
  const { tenant, clock, err, env } = context;
  const parallel = numberFlag("--parallel", options.parallel ?? "1", { least: 1, most: 100, whole: true });
  const attempts = numberFlag("--attempts", options.attempts ?? "100", { least: 1, most: 1_000_000, whole: true });
  const named = await targetOf(options, context);
  const target = parts.around?.(named) ?? named;
  if (tenant.missingKey !== undefined) throw tenant.missingKey;
  const filter = filterOf(options);
  // A sandbox of this process ends with it, and with it what was read there.
  const passing = options.sandbox === undefined ? undefined : await mkdtemp(join(tmpdir(), "websets-events-mcp-"));
  const isLasting = passing === undefined || options.state !== undefined;
  const folder = passing ?? stateFolder(env, platform(), homedir());
  const events = `forward-${accountOf(context)}-${filterKey(filter) === "{}" ? "all" : hashOf(filterKey(filter), 8)}`;
  const isCommand = options.to === undefined;
  const report = new Report({ ...context, json: options.json === true, target, isCommand, isLasting });
  try {
    const state = await StateFile.open({
      path: options.state ?? join(folder, `${events}-${hashOf(placeOf(options), 8)}.json`),
      account: accountOf(context),
      filter,
      wallTime: () => clock.wallTime(),
      ...(parts.files && { files: parts.files }),
    });
    try {
      await report.begin(state, options.since);
      if (state.cursor === undefined && options.state === undefined)
        await report.others(await placesOf(folder, events));
      await run({ state, target, report, context, filter, parallel, attempts, since: options.since });
      throw abortError();
    } finally {
      if (endReason(context.signal) !== READER_GONE) await report.end(state);
      await state.close();
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    await err.line(`websets-events-mcp: ${error.message}`);
    return EXIT.failure;
  } finally {
    if (passing !== undefined) await rm(passing, { recursive: true, force: true });
    await target.close();
  }
}

interface Run extends Pick<DeliveriesOptions, "target" | "parallel" | "attempts"> {
  state: StateFile;
  report: Report;
  context: CommandContext;
  filter: Filter;
  since: string | undefined;
}

/** Reads and delivers until the program is told to end. Throws what else ends it. */
async function run({ state, report, context, filter, since, ...delivering }: Run): Promise<void> {
  const { clock } = context;
  let savedAt = Number.NEGATIVE_INFINITY;
  const reading = new Reading({
    context,
    filter,
    onTransientError: (error) => void report.transientError(error),
    onTooLate: (until) => void report.tooLate(until),
    onMoved(cursor) {
      if (clock.now() < savedAt + SAVE_MS) return;
      savedAt = clock.now();
      state.accept(cursor, []).catch((error: unknown) => deliveries.fail(error));
    },
  });
  const deliveries = new Deliveries({
    ...delivering,
    state,
    whole: (entry, kept, signal) => reading.whole(entry, kept, signal),
    clock,
    tell: (news) => report.tell(news),
  });
  const ending = linkAbort(context.signal, deliveries.stopped);
  try {
    const known = await reading.recall(state.pending, ending.signal);
    for (const entry of [...state.pending]) deliveries.add(entry, known.get(entry.eventId));
    await deliveries.room(ending.signal);
    for await (const { cursor, events, note } of reading.from(state.cursor ?? since, ending.signal)) {
      await report.note(note);
      // On disk before anything is sent: whatever ends the program then, nothing of it is lost.
      const read = events.map(({ entry }) => entry);
      const fresh = new Set(await state.accept(cursor, read));
      for (const { entry, kept } of events) if (fresh.has(entry)) deliveries.add(entry, kept);
      await deliveries.room(ending.signal);
    }
  } catch (error) {
    if (!isAbort(error)) deliveries.fail(error);
  } finally {
    ending.end();
    await deliveries.end(GRACE_MS);
  }
}

async function targetOf(options: ForwardOptions, { config, clock, env, out, err }: CommandContext): Promise<Target> {
  const { to, command, secretEnv } = options;
  const [program, ...args] = command;
  if ((to === undefined) === (program === undefined)) {
    throw new UsageError("forward takes either --to URL or -- COMMAND ARG...");
  }
  const secret = secretEnv === undefined ? undefined : env[secretEnv]?.trim();
  if (secretEnv !== undefined && !secret) {
    throw new UsageError(`--secret-env names the variable ${quoted(secretEnv)}, which is not set`);
  }
  if (program === undefined) {
    return openUrlTarget({ url: urlOf(to ?? ""), secret, proxies: config.proxies, clock });
  }
  if (!(await isRunnable(program, env))) throw new UsageError(`There is no program ${quoted(program)} that can be run`);
  const timeoutMs = lengthFlag("--command-timeout", options.commandTimeout ?? "60s");
  if (timeoutMs === 0) throw new UsageError("--command-timeout must be more than 0: no command could end in that time");
  const secrets = { names: ["EXA_API_KEY", secretEnv ?? ""], values: [env.EXA_API_KEY, config.apiKey, secret] };
  return openCommandTarget({ command: [program, ...args], env, secrets, timeoutMs, clock, out, err });
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new UsageError("--to must be a URL that begins with http:// or https://");
}

function filterOf({ types, webset, itemsReady, problems }: ForwardOptions): Filter {
  return {
    ...(types !== undefined && types.length > 0 && { types: [...new Set(types)].sort() }),
    ...(webset !== undefined && { webset }),
    ...(problems && { problems }),
    ...(itemsReady && { itemsReady }),
  };
}

/** The account in the name of a file: nobody finds the key with it. */
function accountOf({ config }: CommandContext): string {
  return hashOf(`${config.baseUrl.origin} ${config.apiKey}`, 12);
}

/** What an account's events go to, as one text: each target has a place of its own. A new password does not make a new one. */
function placeOf({ to, command: [program = "", ...args] }: ForwardOptions): string {
  if (to !== undefined) return withoutCredentials(urlOf(to)).href;
  return JSON.stringify([program.includes("/") ? resolve(program) : program, ...args]);
}

/** The state files of the same events for other targets. */
async function placesOf(folder: string, events: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.startsWith(`${events}-`) && name.endsWith(".json"))
    .map((one) => join(folder, one));
}

function hashOf(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
