import {
  CLIENT_INFO_META_KEY,
  type Tool as ListedTool,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { isAbort, type WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { wellFormedJson } from "../shared/text.ts";
import { answerOrTask, declaredIn, mountTaskMethods } from "../tasks/methods.ts";
import type { TaskCall } from "../tasks/shared-tasks.ts";
import { Work } from "../tasks/task.ts";
import {
  type Answer,
  answered,
  type Background,
  backgroundLimits,
  CallLog,
  LOOK_WITHIN_MS,
  startProgress,
} from "./call.ts";
import type { CallContext, Tool, ToolDeps, WaitLimits } from "./define.ts";
import { borneBy, DEFAULT_TIMEOUT_SECONDS } from "./hosts.ts";
import { toolIcon } from "./icons.ts";
import { TOOLS } from "./index.ts";
import { checkArguments, runTool } from "./run-tool.ts";
import { jsonSchemaOf } from "./schemas.ts";

export interface MountOptions {
  deps: ToolDeps;
  /** What every tool answers where there is no key. */
  missingKey?: WebsetsError | undefined;
  log: Log;
  /** Without it every wait keeps its caller waiting: on connections of 2025, and where tasks are switched off. */
  background?: Background | undefined;
}

/** This much of a name that is none is repeated, in characters. */
const LONGEST_NAME = 60;

/** The result of a task that has ended elsewhere is found again with no time left: so long may its first reading take, in milliseconds. */
const FIND_AGAIN_MS = 20_000;

/** What `run` needs from the way in which a call is answered. */
type Control = Pick<CallContext, "signal" | "report" | "mayTakeLong" | "lookWithinMs" | "firstReadingMs">;

/**
 * Puts the tools on a server: lists them, checks what they are called with, renders what they return and says what went
 * wrong. It uses the protocol's own methods, so that every error reads as ours do and a result can be something else than
 * the tool's schema says.
 */
export function mountTools(mcp: McpServer, tools: readonly Tool[], options: MountOptions): void {
  const { deps, missingKey, log, background } = options;
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  let listed: ListedTool[] | undefined;
  mcp.server.registerCapabilities({ tools: {} });
  mcp.server.setRequestHandler("tools/list", () => {
    listed ??= listTools(tools);
    return { tools: listed };
  });
  if (background !== undefined) {
    mountTaskMethods(mcp.server, background.tasks, ({ tool: name, arguments: given, cursor, ageMs }, leftMs) => {
      const tool = byName.get(name);
      if (tool === undefined)
        throw new ProtocolError(ProtocolErrorCode.InternalError, `There is no tool ${name} here.`);
      // Without a cursor nothing was read. Its record was put there up to a second after its age was taken.
      const age = `${Math.ceil(ageMs / 1_000) + 1}s`;
      const goesOn = Object.hasOwn(tool.input.shape, "after") ? { after: cursor ?? given.after ?? age } : {};
      const args = { ...given, ...goesOn, timeoutSeconds: leftMs / 1_000 };
      const callLog = new CallLog(name, { log, clock: deps.clock });
      const prepared = prepare({ tool, log: callLog, deps, limits: backgroundLimits(background) }, args);
      const { call, run } = inBackground(prepared);
      const plan = { longestMs: leftMs, pollIntervalMs: prepared.pollIntervalMs };
      return {
        call,
        work: new Work(plan, (control) => run({ ...control, mayTakeLong, firstReadingMs: FIND_AGAIN_MS })),
      };
    });
  }
  mcp.server.setRequestHandler("tools/call", async ({ params }, context) => {
    const tool = byName.get(params.name);
    if (tool === undefined) {
      const names = tools.map(({ name }) => name).join(", ");
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `There is no tool ${JSON.stringify(params.name.slice(0, LONGEST_NAME))}. The tools are ${names}.`,
      );
    }
    const where = tool.pace !== undefined && declaredIn(context) ? background : undefined;
    const callLog = new CallLog(tool.name, { log, clock: deps.clock });
    return answered(callLog, async () => {
      if (missingKey !== undefined) throw missingKey;
      const hostLimits = {
        maxWaitSeconds:
          deps.maxWaitSeconds ?? borneBy(clientName(mcp, context), context.mcpReq._meta?.progressToken !== undefined),
        defaultTimeoutSeconds: DEFAULT_TIMEOUT_SECONDS,
      };
      const limits = where === undefined ? hostLimits : backgroundLimits(where);
      return call({ tool, log: callLog, context, deps, limits, background: where }, params.arguments ?? {});
    });
  });
}

/** The host's name: told with each request on 2026-07-28, and once at the beginning before. */
function clientName(mcp: McpServer, { mcpReq }: ServerContext): string | undefined {
  const envelope: Record<string, unknown> = mcpReq.envelope ?? {};
  const told = (envelope[CLIENT_INFO_META_KEY] as { name?: unknown } | undefined)?.name;
  return typeof told === "string" ? told : mcp.server.getClientVersion()?.name;
}

interface Called {
  tool: Tool;
  log: CallLog;
  deps: ToolDeps;
  limits: WaitLimits;
}

interface Call extends Called {
  context: ServerContext;
  background: Background | undefined;
}

/** A call whose arguments are read and checked. */
interface Prepared {
  tool: Tool;
  args: Readonly<Record<string, unknown>>;
  limitSeconds: number | undefined;
  pollIntervalMs(): number;
  run(control: Control): Promise<Answer>;
}

function prepare({ tool, log, deps, limits }: Called, given: unknown): Prepared {
  const args = checkArguments(tool, given);
  const run = (control: Control) =>
    answered(log, async () => {
      const callContext = { ...deps, ...limits, ...control };
      const structuredContent = await runTool(tool, { args, given }, callContext).catch((error: unknown) => {
        if (isAbort(error)) log.ended("given up");
        throw error;
      });
      log.ended(typeof structuredContent.outcome === "string" ? structuredContent.outcome : "answered");
      return rendered(structuredContent);
    });
  const pollIntervalMs = () => tool.pace?.(args, deps) ?? 0;
  return { tool, args, limitSeconds: tool.waits?.(args, limits), pollIntervalMs, run };
}

/** A prepared call as work in the background, and what it takes to do it once more. */
function inBackground({ tool, args, run }: Prepared, tell: (message: string) => void = () => {}) {
  let latest: (() => string | undefined) | undefined;
  const call: TaskCall = { tool: tool.name, arguments: args, cursor: () => latest?.() };
  const work = ({ report, ...control }: Omit<Control, "lookWithinMs">) =>
    run({
      ...control,
      lookWithinMs: LOOK_WITHIN_MS,
      report(message, cursor) {
        latest = cursor ?? latest;
        tell(message);
        report(message, () => aside(cursor?.()));
      },
    });
  return { call, run: work };
}

async function call({ context, background, ...called }: Call, given: unknown): Promise<Answer> {
  const { clock } = called.deps;
  const prepared = prepare(called, given);
  const { limitSeconds, pollIntervalMs } = prepared;
  const { signal, notify, _meta } = context.mcpReq;
  const progress = startProgress({ clock, token: _meta?.progressToken, limitSeconds, notify });
  try {
    // Whoever looks only once has the answer at once.
    if (background === undefined || !limitSeconds)
      return await prepared.run({ signal, report: progress.report, mayTakeLong });
    const answer = await answerOrTask({
      tasks: background.tasks,
      clock,
      signal,
      longestMs: limitSeconds * 1_000,
      pollIntervalMs,
      ...inBackground(prepared, progress.report),
    });
    // The SDK's types know tools' results only.
    return answer as Answer;
  } finally {
    progress.stop();
  }
}

/** A result as JSON and as a structure, both the same to the letter. */
function rendered(result: Record<string, unknown>): Answer {
  const text = wellFormedJson(result);
  const structuredContent = text.includes("\ufffd") ? JSON.parse(text) : result;
  return { content: [{ type: "text", text }], structuredContent };
}

function mayTakeLong(): void {}

function aside(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : `cursor ${cursor}`;
}

/** As JSON; put in by the bundler, which has asked `describeTools`: to make JSON Schemas of zod's takes 5 ms of every start. */
declare const __LISTED_TOOLS__: string | undefined;

function listTools(tools: readonly Tool[]): ListedTool[] {
  return tools === TOOLS && typeof __LISTED_TOOLS__ === "string" ? JSON.parse(__LISTED_TOOLS__) : describeTools(tools);
}

/** What `tools/list` says of tools. */
export function describeTools(tools: readonly Tool[] = TOOLS): ListedTool[] {
  return tools.map((tool) => {
    const icon = toolIcon(tool.name);
    return {
      name: tool.name,
      title: tool.title,
      ...(icon && { icons: [icon] }),
      description: tool.description,
      inputSchema: jsonSchemaOf(tool.input, "input") as ListedTool["inputSchema"],
      outputSchema: jsonSchemaOf(tool.output, "output") as ListedTool["inputSchema"],
      annotations: { readOnlyHint: true, openWorldHint: true, ...(tool.idempotent ? { idempotentHint: true } : {}) },
    };
  });
}
