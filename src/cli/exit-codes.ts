import { ConfigError } from "../config.ts";
import { type ErrorKind, isAbort, sentenceForPerson, WebsetsError } from "../shared/errors.ts";
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

const OF_KINDS: Partial<Record<ErrorKind, number>> = {
  not_found: EXIT.unknown,
  missing_key: EXIT.account,
  unauthorized: EXIT.account,
  no_access: EXIT.account,
  out_of_credits: EXIT.account,
  forbidden: EXIT.account,
  invalid_request: EXIT.usage,
};

/** How a command ends that an error ended, and the one line to say about it: none where the caller ended it. */
export function endOf(error: unknown): { code: number; says?: string } {
  if (isAbort(error)) return { code: EXIT.interrupted };
  if (error instanceof WebsetsError) {
    return { code: OF_KINDS[error.kind] ?? EXIT.failure, says: sentenceForPerson(error) };
  }
  if (error instanceof UsageError || error instanceof ConfigError) return { code: EXIT.usage, says: error.message };
  return { code: EXIT.failure, says: `failed: ${error instanceof Error ? error.stack : String(error)}` };
}
