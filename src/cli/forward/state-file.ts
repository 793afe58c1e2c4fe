import { mkdir, open, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { platform } from "node:os";
import { basename, dirname, join } from "node:path";
import * as z from "zod/v4";
import type { Environment } from "../../config.ts";
import { isoTime } from "../../shared/clock.ts";

const VERSION = 1;
/** This many items are remembered as told, newest last: a reading that begins anew tells again what it does not know of. */
const MOST_ITEMS = 1_000;

/** Which events a state file is about. */
export interface Filter {
  readonly types?: readonly string[] | undefined;
  readonly webset?: string | undefined;
  readonly problems?: true | undefined;
  readonly itemsReady?: true | undefined;
}

/** An event that was read and is still to be delivered. */
export interface Entry {
  readonly eventId: string;
  readonly type: string;
  readonly createdAt: string;
  readonly websetId?: string | undefined;
  /** What it is about, where that is no Webset's: an import, for one. */
  readonly about?: string | undefined;
  /** The item that is ready, and how many values it has; only with `itemsReady`. */
  readonly item?: { readonly itemId: string; readonly values: number } | undefined;
}

/** What cannot be done with a state file. The message is one line that says what to do. */
export class StateError extends Error {
  override readonly name = "StateError";
}

const entry = z.object({
  eventId: z.string(),
  type: z.string(),
  createdAt: z.string(),
  websetId: z.string().optional(),
  about: z.string().optional(),
  item: z.object({ itemId: z.string(), values: z.number() }).optional(),
});

const contents = z.object({
  about: z.string(),
  version: z.literal(VERSION),
  account: z.string(),
  filter: z.object({
    types: z.array(z.string()).optional(),
    webset: z.string().optional(),
    problems: z.literal(true).optional(),
    itemsReady: z.literal(true).optional(),
  }),
  updatedAt: z.string(),
  /** Everything before it was read. */
  cursor: z.string(),
  delivered: z.number(),
  givenUp: z.number(),
  /** What was read and is not delivered, in the order in which it was read. */
  pending: z.array(entry),
  /** With how many values items were told. */
  items: z.record(z.string(), z.number()),
});

type Contents = Omit<z.infer<typeof contents>, "filter" | "pending"> & { filter: Filter; pending: Entry[] };

/** What of the file system a state file is written with. */
export type Files = Pick<typeof import("node:fs/promises"), "open" | "rename">;

export interface StateOptions {
  path: string;
  /** The account as a hash of its key. */
  account: string;
  filter: Filter;
  /** Milliseconds since 1970. */
  wallTime(): number;
  files?: Files;
}

/**
 * What was read and what of it was delivered, on disk: a cursor, and the events before it that are still to be delivered. Each
 * change is on disk when its promise resolves, whole or not at all; changes at the same time share a write. One process has it.
 */
export class StateFile {
  readonly path: string;
  readonly #options: Required<StateOptions>;
  readonly #release: () => Promise<void>;
  #contents: Contents | undefined;
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(options: Required<StateOptions>, known: Contents | undefined, release: () => Promise<void>) {
    this.path = options.path;
    this.#options = options;
    this.#contents = known;
    this.#release = release;
  }

  /** Takes a state file into possession, or the place of one that is not there yet. Throws `StateError`. */
  static async open({ path: given, ...others }: StateOptions): Promise<StateFile> {
    // A link would be replaced by the first write, and two names of one file be held by two processes.
    const path = await realpath(given).catch(() => given);
    const options = { ...others, path };
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const release = await holdFile(path);
      try {
        return new StateFile({ files: { open, rename }, ...options }, await read(options), release);
      } catch (error) {
        await release();
        throw error;
      }
    } catch (error) {
      throw explained(error, path);
    }
  }

  /** Where to read on; undefined where nothing was read yet. */
  get cursor(): string | undefined {
    return this.#contents?.cursor;
  }

  /** When it was written last, as ISO 8601. */
  get updatedAt(): string | undefined {
    return this.#contents?.updatedAt;
  }

  /** What is still to be delivered, in order. */
  get pending(): readonly Entry[] {
    return this.#contents?.pending ?? [];
  }

  get delivered(): number {
    return this.#contents?.delivered ?? 0;
  }

  /** Where events are written that were given up. */
  get deadLetters(): string {
    return `${this.path.replace(/\.json$/, "")}.dead-letters.jsonl`;
  }

  /** Takes in what was read up to a cursor; returns what of it is new: neither waiting already, nor an item that was told before. */
  async accept(cursor: string, read: readonly Entry[]): Promise<Entry[]> {
    const { account, filter } = this.#options;
    this.#contents ??= {
      ...{ about: "What websets-events-mcp forward has read and delivered: docs/forward.md", version: VERSION },
      ...{ account, filter, updatedAt: "", cursor, delivered: 0, givenUp: 0, pending: [], items: {} },
    };
    const items = new Map(Object.entries(this.#contents.items));
    const waiting = new Set(this.pending.map(({ eventId }) => eventId));
    const fresh = read.filter(({ eventId, item }) => {
      if (item === undefined) return !waiting.has(eventId);
      if ((items.get(item.itemId) ?? -1) >= item.values) return false;
      items.delete(item.itemId);
      items.set(item.itemId, item.values);
      return true;
    });
    this.#contents.cursor = cursor;
    this.#contents.pending.push(...fresh);
    this.#contents.items = Object.fromEntries([...items].slice(-MOST_ITEMS));
    await this.#save();
    return fresh;
  }

  /** Notes that an entry was delivered. */
  async done(one: Entry): Promise<void> {
    this.#without(one).delivered++;
    await this.#save();
  }

  /** Gives an entry up: what is left of it goes to the dead letters first. */
  async giveUp(one: Entry, letter: Record<string, unknown>): Promise<void> {
    try {
      const file = await open(this.deadLetters, "a", 0o600);
      try {
        await file.appendFile(`${JSON.stringify(letter)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw explained(error, this.deadLetters);
    }
    this.#without(one).givenUp++;
    await this.#save();
  }

  /** Lets others have it. */
  async close(): Promise<void> {
    await (this.#next ?? this.#writing).catch(() => {});
    await this.#release();
  }

  #without(one: Entry): Contents {
    const known = this.#contents as Contents;
    known.pending = known.pending.filter((other) => other !== one);
    return known;
  }

  #save(): Promise<void> {
    this.#next ??= this.#writing
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        this.#writing = this.#write();
        return this.#writing;
      });
    return this.#next;
  }

  async #write(): Promise<void> {
    const { path, files, wallTime } = this.#options;
    const known = this.#contents as Contents;
    known.updatedAt = isoTime(wallTime());
    const draft = `${path}.tmp`;
    try {
      await rm(draft, { force: true });
      const file = await files.open(draft, "wx", 0o600);
      try {
        await file.writeFile(textOf(known));
        await file.sync();
      } finally {
        await file.close();
      }
      await files.rename(draft, path);
      await syncFolder(dirname(path));
    } catch (error) {
      throw explained(error, path);
    }
  }
}

/** An entry as JSON; it is written again with each that is delivered before it. */
const lines = new WeakMap<Entry, string>();

/** A state as JSON that a person can read: each entry on a line. */
function textOf({ pending, ...rest }: Contents): string {
  const entries = pending.map((one) => {
    const line = lines.get(one) ?? JSON.stringify(one);
    lines.set(one, line);
    return `\n    ${line}`;
  });
  const text = JSON.stringify({ ...rest, pending: [] }, null, 2);
  return `${text.slice(0, text.lastIndexOf("]"))}${entries.join()}${entries.length === 0 ? "" : "\n  "}]\n}\n`;
}

/** A new name is on disk when its folder is; Windows has no such thing, and some file systems refuse it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

async function read({ path, account, filter }: StateOptions): Promise<Contents | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const anew = "Nothing was changed: move it away to begin anew, with --since to go back in time.";
  const value = jsonIn(text);
  if (value === undefined) throw new StateError(`The state file ${path} is damaged: it is not complete JSON. ${anew}`);
  const { version } = Object(value) as { version?: unknown };
  if (version !== undefined && version !== VERSION) {
    const which = `is of version ${JSON.stringify(version)}, and this program reads version ${VERSION}`;
    throw new StateError(`The state file ${path} ${which}: use the program that wrote it. ${anew}`);
  }
  const parsed = contents.safeParse(value);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new StateError(`The state file ${path} is damaged: ${where || "it"} is not what belongs there. ${anew}`);
  }
  const { data } = parsed;
  const elsewhere = `Use another file, or change it there if it should go on here.`;
  if (data.account !== account) {
    throw new StateError(
      `The state file ${path} is of account ${data.account}, and this key is of ${account}. ${elsewhere}`,
    );
  }
  if (filterKey(data.filter) !== filterKey(filter)) {
    throw new StateError(
      `The state file ${path} is of the filter ${filterKey(data.filter)}, and this command has ${filterKey(filter)}. ${elsewhere}`,
    );
  }
  return data;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A filter as one text, the same for the same events. */
export function filterKey({ types, webset, problems, itemsReady }: Filter): string {
  return JSON.stringify({ types, webset, problems, itemsReady });
}

function explained(error: unknown, path: string): unknown {
  if (error instanceof FileInUseError) {
    return new StateError(
      `The state file ${path} is in use by process ${error.pid}, and two would deliver everything twice: stop that one, or give this one a file of its own with --state. If there is no such process any more, delete ${error.claim}.`,
    );
  }
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof StateError || code === undefined) return error;
  return new StateError(`The state file ${path} cannot be read or written (${code}); nothing more is delivered.`);
}

/**
 * The folder for what programs keep from run to run, as an absolute path.
 * @param home the user's own folder.
 */
export function stateFolder(env: Environment, system: NodeJS.Platform, home: string): string {
  if (system === "win32") return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), "websets-events-mcp");
  if (system === "darwin") return join(home, "Library", "Application Support", "websets-events-mcp");
  // A relative one counts as none (XDG Base Directory Specification).
  const { XDG_STATE_HOME = "" } = env;
  return join(XDG_STATE_HOME.startsWith("/") ? XDG_STATE_HOME : join(home, ".local", "state"), "websets-events-mcp");
}

/** A file that another process holds. */
class FileInUseError extends Error {
  override readonly name = "FileInUseError";
  readonly pid: number;
  /** What that process holds it by. */
  readonly claim: string;

  constructor(path: string, pid: number, claim: string) {
    super(`${path} is in use by process ${pid}`);
    this.pid = pid;
    this.claim = claim;
  }
}

/**
 * Holds a file for this process alone, against others on this machine; resolves to what lets it go. Rejects with `FileInUseError`.
 *
 * Each process puts a claim of its own beside the file, named by its id and its start, and then looks for those of others: of two
 * that come at once at least one sees the other, and a claim whose process is dead can be taken away by anybody, for no living
 * process has that name. A lock of one name could not be taken over without a moment in which two hold it.
 */
async function holdFile(path: string): Promise<() => Promise<void>> {
  const [folder, prefix] = [dirname(path), `${basename(path)}.lock-`];
  const own = `${prefix}${process.pid}-${(await startOf(process.pid)) ?? 0}`;
  const release = () => rm(join(folder, own), { force: true });
  await writeFile(join(folder, own), "", { mode: 0o600 });
  try {
    for (const name of await readdir(folder)) {
      const [, pid, start] = (name !== own && name.startsWith(prefix) && CLAIM.exec(name)) || [];
      if (pid === undefined) continue;
      if (await isAlive(Number(pid), Number(start))) throw new FileInUseError(path, Number(pid), join(folder, name));
      await rm(join(folder, name), { force: true });
    }
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

const CLAIM = /\.lock-(\d+)-(\d+)$/;

/** Whether the process lives that had this id and start; where starts are not known, whether one with this id does. */
async function isAlive(pid: number, start: number): Promise<boolean> {
  if (platform() === "linux") return (await startOf(pid)) === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * When a process was started, in ticks since the machine was (proc(5), field 22 of /proc/PID/stat): ids come again, above all the
 * small ones of containers. Undefined for one that has ended, also where its parent has not noticed yet, and where there is no /proc.
 */
async function startOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is a name in parentheses, and may hold anything.
  const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" || /^[ZXx]$/.test(state) ? undefined : Number(fields[18]);
}
