import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Readable } from "node:stream";
import { type Config, type Environment, VERSION } from "../../config.ts";
import { authorizationOf } from "../../exa/proxy.ts";
import { parseRetryAfter } from "../../exa/retry.ts";
import { createSocketTransport } from "../../exa/socket-transport.ts";
import { onAbort, orAbort, startTimeLimit } from "../../shared/abort.ts";
import type { Clock } from "../../shared/clock.ts";
import { abortError, WebsetsError } from "../../shared/errors.ts";
import { isLoopback } from "../../shared/loopback.ts";
import type { Terminal } from "../terminal.ts";
import type { Delivery, Outcome, Target } from "./delivery.ts";

/** A handler may take longer than the API does; in milliseconds. */
const TIMEOUTS = { headers: 30_000 };

export interface UrlTargetOptions {
  url: URL;
  /** Signs what is sent; without it there is no signature. */
  secret: string | undefined;
  proxies: Config["proxies"];
  clock: Clock;
}

/** A URL that events are posted to, as Exa posts them to a webhook. It follows no redirect. */
export function openUrlTarget({ url: given, secret, proxies, clock }: UrlTargetOptions): Target {
  const url = withoutCredentials(given);
  const authorization = authorizationOf(given);
  const transport = createSocketTransport({ proxies, clock, timeouts: TIMEOUTS });
  return {
    name: nameOf(url),
    close: () => transport.close(),
    async deliver({ body }: Delivery, signal: AbortSignal): Promise<Outcome> {
      const headers = {
        "content-type": "application/json",
        "user-agent": `websets-events-mcp/${VERSION}`,
        ...(authorization !== undefined && { authorization }),
        ...(secret !== undefined && { "exa-signature": signatureOf(body, secret, clock.wallTime()) }),
      };
      try {
        const answer = await transport.post({ url, headers, body, signal });
        return outcomeOf(answer, clock.wallTime());
      } catch (error) {
        if (error instanceof WebsetsError) return { kind: "failed", how: error.message };
        throw error;
      }
    },
  };
}

/** What an answer means: 2xx is done, 410 is never, and all else is tried again. `now` in milliseconds since 1970. */
export function outcomeOf(answer: { status: number; headers: Record<string, string> }, now: number): Outcome {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return { kind: "done", how: `answered ${status}` };
  if (status === 410) return { kind: "gone", how: "answered 410, gone" };
  const isRedirect = status >= 300 && status < 400 && headers.location !== undefined;
  return {
    kind: "failed",
    how: isRedirect ? `answered ${status}, a redirect, which is not followed` : `answered ${status}`,
    retryAfterMs: parseRetryAfter(headers["retry-after"], { server: undefined, ours: now }),
  };
}

/**
 * The value of `Exa-Signature` as Exa's documentation has it (Websets, Verifying signatures): the time in seconds since 1970, and the
 * HMAC SHA-256 in hexadecimal of that time, a full stop and the body, with the webhook's secret as it is for a key.
 */
export function signatureOf(body: string, secret: string, wallTime: number): string {
  const time = Math.floor(wallTime / 1_000);
  return `t=${time},v1=${createHmac("sha256", secret).update(`${time}.${body}`).digest("hex")}`;
}

/** Chats' webhooks have their secret in the path, others in the query: only this machine's paths are shown. */
function nameOf({ origin, pathname, hostname }: URL): string {
  if (pathname === "/") return origin;
  return isLoopback(hostname) ? `${origin}${pathname}` : `${origin}/…`;
}

/** A URL as it may stand in a request: user and password go into a header, and a fragment nowhere. */
export function withoutCredentials(given: URL): URL {
  const url = new URL(given);
  [url.username, url.password, url.hash] = ["", "", ""];
  return url;
}

/** A command that was asked to end has this long before it is killed, in milliseconds. */
const GRACE_MS = 2_000;
/**
 * After so long without a word from a command that has ended, in milliseconds, nothing more is read: what it started and left behind
 * would hold its output open, more with each event, and this process at its end.
 */
const LAST_WORDS_MS = 1_000;
const isWindows = process.platform === "win32";

export interface CommandTargetOptions {
  /** The program and its arguments, as they are: no shell has a part in it. */
  command: readonly [string, ...string[]];
  /** What the command gets of it has none of `secrets`. */
  env: Environment;
  secrets: { names: readonly string[]; values: readonly (string | undefined)[] };
  timeoutMs: number;
  clock: Clock;
  out: Pick<Terminal, "write">;
  err: Pick<Terminal, "write">;
}

/** A command that is run for each event, with the event on its stdin. */
export function openCommandTarget({ command, timeoutMs, clock, out, err, ...options }: CommandTargetOptions): Target {
  const [program, ...args] = command;
  const env = withoutSecrets(options.env, options.secrets);
  const running = new Set<ChildProcess>();
  // Who presses Ctrl+C twice ends this process at once, and with it who would end the commands.
  const killAll = () => {
    for (const child of running) signalTo(child, "SIGKILL");
  };
  process.once("exit", killAll);
  return {
    name: program,
    async close() {
      process.off("exit", killAll);
    },
    async deliver({ eventId, type, body }: Delivery, signal: AbortSignal): Promise<Outcome> {
      if (signal.aborted) throw abortError();
      const limit = startTimeLimit(clock, timeoutMs, signal);
      let child: ChildProcessWithoutNullStreams | undefined;
      try {
        // In a group of its own, so that it is killed with its children, and Ctrl+C lets it end its work.
        child = spawn(program, args, {
          env: { ...env, WEBSETS_EVENT_ID: eventId, WEBSETS_EVENT_TYPE: type },
          stdio: "pipe",
          detached: !isWindows,
          windowsHide: true,
        });
        const exited = exitOf(child);
        running.add(child);
        let writing = 0;
        const counted = ({ write }: Pick<Terminal, "write">) => ({
          write: (text: string) => {
            writing++;
            return write(text).finally(() => writing--);
          },
        });
        const closed = Promise.all([pass(child.stdout, counted(out)), pass(child.stderr, counted(err))]);
        // Not every command reads it.
        child.stdin.on("error", () => {}).end(`${body}\n`);
        const off = onAbort(limit.signal, () => void kill(child, exited, clock));
        const { code, how } = await exited.finally(off);
        // What it has left behind may stay.
        running.delete(child);
        const [isKilled, isCut] = [limit.expired, signal.aborted];
        for (let isOver = false; !isOver; ) {
          const words = startTimeLimit(clock, LAST_WORDS_MS);
          isOver = await orAbort(closed, words.signal).then(
            () => true,
            () => writing === 0 || signal.aborted,
          );
          words.end();
        }
        if (isKilled) return { kind: "failed", how: `was killed after ${timeoutMs / 1_000} s` };
        if (isCut) throw abortError();
        return { kind: code === 0 ? "done" : "failed", how };
      } catch (error) {
        if (signal.aborted) throw abortError();
        // Arguments and environments that no process can have.
        return { kind: "failed", how: `could not be started (${(error as NodeJS.ErrnoException).code ?? error})` };
      } finally {
        limit.end();
        for (const stream of child?.stdio ?? []) stream?.destroy();
      }
    },
  };
}

/** How a process ended, or that it could not be started. */
function exitOf(child: ChildProcess): Promise<{ code: number | null; how: string }> {
  return new Promise((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      resolve({ code: null, how: `could not be started (${error.code})` });
    });
    child.once("exit", (code, signal) =>
      resolve({ code, how: signal === null ? `exit ${code}` : `ended by ${signal}` }),
    );
  });
}

/** Ends a process with its children: first asks, then does not. */
async function kill(child: ChildProcess | undefined, exited: Promise<unknown>, clock: Clock): Promise<void> {
  const pid = child?.pid;
  if (pid === undefined) return;
  if (isWindows) {
    spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore", windowsHide: true }).on("error", () => {});
    return;
  }
  const waiting = new AbortController();
  signalTo(child, "SIGTERM");
  await Promise.race([exited, clock.sleep(GRACE_MS, waiting.signal).catch(() => {})]);
  waiting.abort();
  signalTo(child, "SIGKILL");
}

/** Sends a signal to a process and its children; on Windows it ends the process alone. */
function signalTo(child: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  try {
    if (isWindows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Nobody of it is left.
  }
}

async function pass(from: Readable, to: Pick<Terminal, "write">): Promise<void> {
  try {
    for await (const text of from.setEncoding("utf8")) await to.write(String(text));
  } catch {
    // What a killed command still had to say is lost.
  }
}

/** A shorter value is a word, such as the sandbox's key, which others may have for reasons of their own. */
const SHORTEST_SECRET = 8;

/** The environment without variables of these names, nor others with these values. */
export function withoutSecrets(env: Environment, { names, values }: CommandTargetOptions["secrets"]): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([name, value = ""]) => {
      const text = value.trim();
      return !names.includes(name) && (text.length < SHORTEST_SECRET || !values.includes(text));
    }),
  );
}

/** Whether there is such a program to be run; a wrong name is better told before anything is delivered. */
export async function isRunnable(program: string, { PATH = "" }: Environment): Promise<boolean> {
  // There, endings are left out, and what they may be is another variable's.
  if (isWindows) return true;
  const places = program.includes("/") ? [program] : PATH.split(delimiter).map((folder) => join(folder, program));
  // Folders can be "executed", too.
  const runnable = places.map(async (place) => {
    await access(place, constants.X_OK);
    if (!(await stat(place)).isFile()) throw new Error(`${place} is no file`);
  });
  return Promise.any(runnable).then(
    () => true,
    () => false,
  );
}
