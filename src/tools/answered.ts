import { isAbort, lineForOperator, sentenceForAgent, WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { explainTooMany } from "./background.ts";
import type { Tool } from "./define.ts";

/** What a call is answered with, in the protocol's shape. */
export type Answer = {
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
};

/** Answers a call: errors are answers too, unless the caller has gone. */
export async function answered(tool: Tool, log: Log, answer: () => Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    if (isAbort(error)) throw error;
    return { content: [{ type: "text", text: explain(explainTooMany(error), tool, log) }], isError: true };
  }
}

function explain(error: unknown, tool: Tool, log: Log): string {
  if (error instanceof WebsetsError) {
    log.info(`${tool.name}: ${lineForOperator(error)}`);
    return sentenceForAgent(error);
  }
  log.error(`${tool.name} failed in a way nobody foresaw: ${error instanceof Error ? error.stack : String(error)}`);
  return "unexpected_response: This server failed in a way nobody foresaw; its log on stderr has the details. Call again, or call another tool.";
}
