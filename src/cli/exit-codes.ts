import { ConfigError } from "../config.ts";
import { type ErrorKind, finished, isAbort, pauseOf, WebsetsError } from "../shared/errors.ts";
import { UsageError } from "./flags.ts";

/** How commands for people end: a contract with scripts. */
export const EXIT = {
  /** It came as asked. */
  asked: 0,
  failure: 1,
  usage: 2,
  /** What was waited for was canceled, paused or deleted, or stopped by itself. */
  stopped: 3,
  /** There is no such thing. */
  unknown: 4,
  /** The key or its plan does not allow it. */
  account: 5,
  /** As `timeout` of GNU coreutils. */
  outOfTime: 124,
  /** As shells have it for Ctrl+C. */
  interrupted: 130,
} as const;

/** The same for `--help`. */
export const EXIT_CODES = `Exit codes: 0 it came as asked; 1 failure; 2 usage; 3 canceled, paused, deleted or stopped;
4 no such Webset; 5 key or plan; 124 out of time; 130 Ctrl+C`;

/** How a command ends with each kind of error, and what a person can do, who has neither tools nor a server to restart. */
const OF_KINDS: Readonly<Record<ErrorKind, { code: number; advice?: string }>> = {
  missing_key: {
    code: EXIT.account,
    advice: "Set EXA_API_KEY (keys: https://dashboard.exa.ai/api-keys), or add --sandbox to try it without a key.",
  },
  unauthorized: {
    code: EXIT.account,
    advice: "Check EXA_API_KEY; trying again with the same key will not help.",
  },
  no_access: {
    code: EXIT.account,
    advice:
      "The key is valid: the plan of its team has to change (https://dashboard.exa.ai), or another team's key be used.",
  },
  out_of_credits: {
    code: EXIT.account,
    advice:
      "Add credits or raise the budget (https://dashboard.exa.ai); searches that were running may have been canceled.",
  },
  forbidden: {
    code: EXIT.account,
    advice: "The key is valid but its plan or team does not allow this; use another key or ask the team's owner.",
  },
  not_found: { code: EXIT.unknown, advice: "The command websets lists the Websets there are." },
  invalid_request: { code: EXIT.usage },
  rate_limited: { code: EXIT.failure, advice: "Wait, then try again; nothing is lost." },
  unavailable: {
    code: EXIT.failure,
    advice: "Try again in a moment; nothing is lost. If it stays, the command doctor says what is in the way.",
  },
  unexpected_response: {
    code: EXIT.failure,
    advice:
      "Check that EXA_BASE_URL points at the Exa API and that no proxy answers in its place: the command doctor says where it ends.",
  },
};

/** How a command ends that an error ended, and the one line to say about it: none where the caller ended it. */
export function endOf(error: unknown): { code: number; says?: string } {
  if (isAbort(error)) return { code: EXIT.interrupted };
  if (error instanceof WebsetsError) return { code: OF_KINDS[kindInShell(error)].code, says: sentenceForPerson(error) };
  if (error instanceof UsageError || error instanceof ConfigError) return { code: EXIT.usage, says: error.message };
  return { code: EXIT.failure, says: `failed: ${error instanceof Error ? error.stack : String(error)}` };
}

/** What to do about a kind of error, for a person in a shell; undefined where there is nothing to add. */
export function adviceForPerson(kind: ErrorKind): string | undefined {
  return OF_KINDS[kind].advice;
}

/** What happened and what to do, for a person in a shell. */
export function sentenceForPerson(error: WebsetsError): string {
  const { kind, message, advice, instead } = error;
  const isSaid = message.includes("did you mean");
  // What is known of this very error says more than what can be said of its kind.
  const isOfNetwork = kind === "unavailable" || kind === "unexpected_response";
  const more = [
    instead === undefined || isSaid ? undefined : `Did you mean ${instead}?`,
    (isOfNetwork ? advice : undefined) ?? adviceForPerson(kindInShell(error)),
  ];
  return inShell([finished(message) + pauseOf(error), ...more.filter((sentence) => sentence !== undefined)].join(" "));
}

/** A list that every account has is no such thing as was asked for; and where the API asks for a pause, "in a moment" is too soon. */
function kindInShell({ kind, isAboutList, retryAfterMs }: WebsetsError): ErrorKind {
  if (kind === "not_found" && isAboutList) return "unavailable";
  return kind === "unavailable" && retryAfterMs ? "rate_limited" : kind;
}

/** The line of a command that goes on where the API does not answer: with what to do only where more is known than to go on. */
export function stillTrying({ message, advice = "" }: WebsetsError): string {
  return inShell(`The API does not answer; still trying. ${finished(message)} ${advice}`.trimEnd());
}

/** What agents call it, and what it is called in a shell. */
const SHELL_WORDS: readonly [RegExp, string][] = [
  [/\b(?:The parameter )?websetId\b/g, "WEBSET"],
  [/\b(?:The parameter )?searchId\b/g, "--search"],
  [/\bThe parameter after\b/g, "--since"],
  [/\bproblems:? true\b/g, "--problems"],
  [
    / in this MCP server's environment(?:, and restart the server|; then restart the server| and restart the server)?/g,
    "",
  ],
  [/\b([Tt])his server\b/g, "$1his program"],
  [/\bCall again\b/g, "Try again"],
  [/\bcall again\b/g, "try again"],
  // Exa's keys are UUIDs, and its ids are none: such a word may be a key in the wrong place.
  [/"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"/gi, "(not shown: it looks like a key)"],
];

/** A sentence for agents in the words of a shell, and without what may be a key that was given in the wrong place. */
export function inShell(text: string): string {
  const listed = text.replace(/\btypes \[(.*?)\]/g, (_, list: string) => `--types ${list.replaceAll('"', "")}`);
  return SHELL_WORDS.reduce((words, [agents, ours]) => words.replace(agents, ours), listed);
}
