import type { Config } from "../../config.ts";
import type { Transport } from "../../exa/http.ts";
import { orAbort, startTimeLimit } from "../../shared/abort.ts";
import type { Clock } from "../../shared/clock.ts";
import { abortError, isAbort, WebsetsError } from "../../shared/errors.ts";
import { isLoopback } from "../../shared/loopback.ts";
import { createRedact } from "../../shared/redact.ts";
import { adviceForPerson, EXIT, endOf } from "../exit-codes.ts";

/** How a check of what this program needs ended: `warn` works, but is worth a look; `skip` could not be checked. */
export type CheckStatus = "ok" | "warn" | "fail" | "skip";

/** How an assumption about the API stands: `unseen` where this account shows nothing of it, `uncheckable` where reading cannot tell. */
export type DecisionStatus = "confirmed" | "contradicted" | "unseen" | "uncheckable";

/** What one check found. Nothing in it is the user's own: no key, no names, no hosts but Exa's and this machine's. */
export interface Finding {
  /** One word, or the number of a page of docs/decisions. */
  check: string;
  status: CheckStatus | DecisionStatus;
  /** One sentence or less, without a full stop. */
  summary: string;
  /** What to do about it. */
  advice?: string | undefined;
  /** The same for programs. */
  facts?: Readonly<Record<string, string | number | boolean | null>> | undefined;
  /** Whether it hangs on the key or its plan. */
  isAccount?: boolean | undefined;
}

/** What every check has to work with. */
export interface Exam {
  config: Pick<Config, "apiKey" | "keyPlaceholder" | "baseUrl" | "proxies">;
  clock: Clock;
  /** Ends the whole; every check has a limit of its own besides. */
  signal: AbortSignal;
  transport: Transport;
  hide: Hide;
}

/** No check takes longer, in milliseconds: it is what people wait for a line. */
export const LIMIT_MS = 10_000;

/**
 * Does the work of one check in the time it has. Rejects with `unavailable` when that is up, whatever the work does then, and with an
 * AbortError when the exam ends.
 * @param whom who keeps it waiting, where its error is to say so.
 */
export async function limited<T>(
  { clock, signal }: Pick<Exam, "clock" | "signal">,
  work: (signal: AbortSignal) => Promise<T>,
  ms: number = LIMIT_MS,
  whom = "",
): Promise<T> {
  const limit = startTimeLimit(clock, ms, signal);
  try {
    return await orAbort(work(limit.signal), limit.signal);
  } catch (error) {
    if (signal.aborted) throw abortError();
    if (!limit.expired) throw error;
    throw new WebsetsError("unavailable", { what: `${whom && `${whom}: `}nothing came of it within ${ms / 1000} s` });
  } finally {
    limit.end();
  }
}

/** A check that failed, in the words of its error; rethrows what is no failure of the check. */
export function failed(check: string, error: unknown, hide: Hide, advice?: string): Finding {
  if (isAbort(error) || !(error instanceof WebsetsError)) throw error;
  const { status, tag, requestId } = error;
  return {
    check,
    // A request too many is no fault of the set-up.
    status: error.kind === "rate_limited" ? "warn" : "fail",
    summary: hide(toPublish(error)),
    advice: hide(advice ?? adviceFor(error)),
    facts: {
      kind: error.kind,
      ...(status !== undefined && { status }),
      ...(tag !== undefined && { tag }),
      ...(requestId !== undefined && { requestId }),
    },
    isAccount: endOf(error).code === EXIT.account,
  };
}

const AGAIN = "Run doctor again in a moment; if it stays, look at the network between this machine and the API.";
const KEYS = "https://dashboard.exa.ai/api-keys";

function adviceFor({ kind, advice }: WebsetsError): string {
  switch (kind) {
    case "missing_key":
      return `Get a key at ${KEYS} and put it into EXA_API_KEY: in a shell with export, in a host in the "env" of this server's entry. To see what works without one, add --sandbox.`;
    case "unauthorized":
      return `Copy the key anew from ${KEYS} into EXA_API_KEY: it is wrong, revoked, or another program's.`;
    case "no_access":
    case "out_of_credits":
    case "forbidden":
      return adviceForPerson(kind) ?? AGAIN;
    case "rate_limited":
      return "Other programs use the same key: run doctor again in a minute.";
    default:
      return (
        advice ?? "Run doctor again in a moment; if it stays, look at the network between this machine and the API."
      );
  }
}

/** What the API says in its own words may name the team, and where a network sends people to log in whose network it is. */
function toPublish({ message, status = 0 }: WebsetsError): string {
  if (status >= 300 && status < 400) return `the answer is a redirect (${status}), which is not followed`;
  return message.replace(/: ".*"$/s, "");
}

/** The exit code: 5 where the key or its plan is in the way, 1 where anything else failed, 0 otherwise. */
export function exitCodeFor(findings: readonly Finding[]): 0 | 1 | 5 {
  const bad = findings.filter(({ status }) => status === "fail");
  if (bad.some(({ isAccount }) => isAccount)) return 5;
  return bad.length > 0 ? 1 : 0;
}

/** Puts general words in the place of what is the user's own: what doctor says is pasted into issues. */
export type Hide = (text: string) => string;

const EXA = "api.exa.ai";

/** Whether a base URL is Exa's own. */
export function isExa({ protocol, host }: URL): boolean {
  return protocol === "https:" && host === EXA;
}

/**
 * Creates what hides the key, the hosts of proxies, and the host of a base URL that is neither Exa's nor on this machine: they name
 * where somebody works.
 */
export function createHide({ apiKey, baseUrl, proxies }: Pick<Config, "apiKey" | "baseUrl" | "proxies">): Hide {
  const redact = createRedact(apiKey);
  const words: [string, string][] = [];
  for (const [text, variable] of [
    [proxies.httpsProxy, "HTTPS_PROXY"],
    [proxies.httpProxy, "HTTP_PROXY"],
  ] as const) {
    const url = urlOf(text);
    if (url === undefined || url.hostname === "") continue;
    const named = `the proxy in ${variable}`;
    words.push([`the proxy ${url.host}`, named]);
    // A name of one word, such as "proxy", stands in other sentences, too, and so does this machine's.
    for (const host of [url.host, url.hostname]) if (/[.:]/.test(host) && !isLoopback(host)) words.push([host, named]);
  }
  if (!isExa(baseUrl) && !isLoopback(baseUrl.hostname)) {
    const named = "the host in EXA_BASE_URL";
    words.push([baseUrl.host, named], [baseUrl.hostname, named]);
  }
  if (words.length === 0) return redact;
  // At once, so that nothing is put into what was put in before; longer ones stand in front of those they begin with.
  const longest = words.map(([word]) => word).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longest.map((word) => word.replace(/\W/g, "\\$&")).join("|"), "g");
  const named = new Map(words);
  return (text) => redact(text).replace(pattern, (word) => named.get(word) ?? word);
}

function urlOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const href = text.includes("://") ? text : `http://${text}`;
  return URL.canParse(href) ? new URL(href) : undefined;
}
