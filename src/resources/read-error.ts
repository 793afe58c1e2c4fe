import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from "@modelcontextprotocol/server";
import { isAbort, lineForOperator, sentenceForAgent, WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { plainText } from "../shared/text.ts";

/** As much of a URI as the log quotes: an id of ours has at most 300 characters. */
const LONGEST_URI = 400;

/**
 * What a client is answered when a resource cannot be read or subscribed to: our own sentence, and the protocol's code. What
 * does not exist is `-32602` with the URI as its data in both eras; the SDK sends no other code for it.
 */
export function readError(error: unknown, uri: string, log: Log): unknown {
  const name = plainText(uri, LONGEST_URI);
  if (isAbort(error) || error instanceof ProtocolError) return error;
  if (!(error instanceof WebsetsError)) {
    log.error(`${name} failed in a way nobody foresaw: ${error instanceof Error ? error.stack : String(error)}`);
    const text = "unexpected_response: This server failed in a way nobody foresaw; its log on stderr has the details.";
    return new ProtocolError(ProtocolErrorCode.InternalError, text);
  }
  log.info(`${name}: ${lineForOperator(error)}`);
  const sentence = sentenceForAgent(error);
  if (error.kind === "not_found") return new ResourceNotFoundError(uri, sentence);
  const theirs = error.kind === "invalid_request";
  const code = theirs ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, sentence, { kind: error.kind });
}
