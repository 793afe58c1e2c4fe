import type * as z from "zod/v4";
import { requireTypes } from "../feed/meant-type.ts";
import { SECOND_LOOK_MS, WebsetsError } from "../shared/errors.ts";
import type { CallContext, Tool } from "./define.ts";
import { explainInput } from "./explain.ts";
import { explainIds } from "./explain-ids.ts";
import { DEFAULT_TIMEOUT_SECONDS } from "./hosts.ts";
import { offerNearTitle } from "./list-websets.ts";
import { isNothing, readArguments } from "./read-arguments.ts";
import { explainUnknownWebset, isUnknown } from "./resolve-webset.ts";
import { leftOf } from "./results.ts";

/** What a call says, as the tool's schema has it. */
export type Arguments = z.output<Tool["input"]>;

/** Reads what a tool is called with, kindly; throws an `invalid_request` that says what was meant. */
export function checkArguments(tool: Tool, given: unknown): Arguments {
  const read = readArguments(tool.input, given);
  const parsed = tool.input.safeParse(read);
  if (!parsed.success) throw explainInput(tool, parsed.error, read);
  const args = parsed.data;
  // What was meant by a misspelt type is told here, once for all tools.
  if (Array.isArray(args.types)) requireTypes(args.types as string[]);
  return args;
}

/**
 * Runs a tool with arguments that were checked: the one way, for agents and for the commands of people. A Webset that the API does not know
 * may just have been created: a tool that does not wait itself looks again. What is not found then is explained. Throws `WebsetsError`.
 * @param given the arguments as they came.
 */
export async function runTool(
  tool: Tool,
  { args, given }: { args: Arguments; given: unknown },
  context: CallContext,
): Promise<Record<string, unknown>> {
  const result = await runKindly(tool, args, context);
  return isOfWholeAccount(given, args) ? noted(result, WHOLE_ACCOUNT) : result;
}

async function runKindly(tool: Tool, args: Arguments, context: CallContext): Promise<Record<string, unknown>> {
  const { clock } = context;
  const startedAt = clock.now();
  const timeoutSeconds = tool.waits?.(args, context);
  const tracing = () => {
    const withinMs = timeoutSeconds === undefined ? undefined : leftOf(timeoutSeconds * 1_000, clock.now() - startedAt);
    return { ...context, withinMs };
  };
  const explain = async (error: unknown) => {
    const told = await explainUnknownWebset(explainIds(error, args), args, tracing());
    return explainShort(await offerNearTitle(told, args, tracing()), timeoutSeconds, context);
  };
  try {
    return await tool.run(args, context);
  } catch (error) {
    const looksAgain = tool.waits === undefined && args.websetId !== undefined && isUnknown(explainIds(error, args));
    if (!looksAgain) throw await explain(error);
  }
  await context.clock.sleep(SECOND_LOOK_MS, context.signal);
  return tool.run(args, context).catch(async (error: unknown) => {
    throw await explain(error);
  });
}

/** A wait that was over before an answer came would end so again: a longer one may not. */
function explainShort(error: unknown, timeoutSeconds: number | undefined, { maxWaitSeconds }: CallContext): unknown {
  const longer = Math.min(DEFAULT_TIMEOUT_SECONDS, maxWaitSeconds);
  if (!(error instanceof WebsetsError && error.isUnanswered) || (timeoutSeconds ?? longer) >= longer) return error;
  const instead = `timeoutSeconds ${longer}`;
  return new WebsetsError(error.kind, { what: error.message, instead, advice: "Nothing is lost.", cause: error });
}

const WHOLE_ACCOUNT = "The websetId was empty: this is of the whole account.";

/** Whether a call named a Webset, and named none. */
function isOfWholeAccount(given: unknown, args: Arguments): boolean {
  const { websetId } = Object(given) as { websetId?: unknown };
  return typeof websetId === "string" && isNothing(websetId) && args.websetId === undefined;
}

/** The note stands before the list, however long that is. */
function noted({ events, note, ...rest }: Record<string, unknown>, more: string): Record<string, unknown> {
  return { ...rest, note: typeof note === "string" ? `${note} ${more}` : more, events };
}
