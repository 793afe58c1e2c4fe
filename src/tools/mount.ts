import {
  CLIENT_INFO_META_KEY,
  type Tool as ListedTool,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod/v4";
import { isAbort, lineForOperator, sentenceForAgent, WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import type { Tool, ToolDeps, WaitLimits } from "./define.ts";
import { explainIds } from "./explain-id.ts";
import { explainInput } from "./explain-input.ts";
import { defaultTimeout } from "./hosts.ts";
import { startProgress } from "./progress-notifications.ts";

export interface MountOptions {
  deps: ToolDeps;
  /** Without a key every tool answers with how to set one. */
  hasKey: boolean;
  log: Log;
}

/**
 * Puts the tools on a server: lists them, checks what they are called with, renders what they return and says what went
 * wrong. It uses the protocol's own methods, so that every error reads as ours do and a result can be something else than
 * the tool's schema says.
 */
export function mountTools(mcp: McpServer, tools: readonly Tool[], { deps, hasKey, log }: MountOptions): void {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  let listed: ListedTool[] | undefined;
  mcp.server.registerCapabilities({ tools: {} });
  mcp.server.setRequestHandler("tools/list", () => {
    listed ??= tools.map(describeTool);
    return { tools: listed };
  });
  mcp.server.setRequestHandler("tools/call", async ({ params }, context) => {
    const tool = byName.get(params.name);
    if (tool === undefined) {
      const names = tools.map(({ name }) => name).join(", ");
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `There is no tool ${params.name}. The tools are ${names}.`,
      );
    }
    try {
      if (!hasKey) throw new WebsetsError("missing_key", { what: "This server has no Exa API key" });
      const structuredContent = await call(tool, params.arguments ?? {}, context, {
        ...deps,
        defaultTimeoutSeconds: defaultTimeout(
          clientName(mcp, context),
          context.mcpReq._meta?.progressToken !== undefined,
        ),
      });
      return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
    } catch (error) {
      if (isAbort(error)) throw error;
      return { content: [{ type: "text", text: explain(error, tool, log) }], isError: true };
    }
  });
}

/** The host's name: told with each request on 2026-07-28, and once at the beginning before. */
function clientName(mcp: McpServer, { mcpReq }: ServerContext): string | undefined {
  const envelope: Record<string, unknown> = mcpReq.envelope ?? {};
  const told = (envelope[CLIENT_INFO_META_KEY] as { name?: unknown } | undefined)?.name;
  return typeof told === "string" ? told : mcp.server.getClientVersion()?.name;
}

async function call(tool: Tool, given: unknown, context: ServerContext, deps: ToolDeps & WaitLimits) {
  const parsed = tool.input.safeParse(given);
  if (!parsed.success) throw explainInput(tool, parsed.error);
  const limitSeconds = tool.waits?.(parsed.data, deps);
  const { signal, notify, _meta } = context.mcpReq;
  const progress = startProgress({ clock: deps.clock, token: _meta?.progressToken, limitSeconds, notify });
  try {
    return await tool.run(parsed.data, { ...deps, signal, report: progress.report });
  } catch (error) {
    throw explainIds(error, parsed.data);
  } finally {
    progress.stop();
  }
}

function describeTool(tool: Tool): ListedTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: jsonSchema(tool.input, "input"),
    outputSchema: jsonSchema(tool.output, "output"),
    annotations: { readOnlyHint: true, openWorldHint: true, ...(tool.idempotent ? { idempotentHint: true } : {}) },
  };
}

function jsonSchema(schema: z.ZodObject, io: "input" | "output"): ListedTool["inputSchema"] {
  // 2020-12 is the protocol's default dialect, so naming it in every schema would only cost bytes.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest as ListedTool["inputSchema"];
}

function explain(error: unknown, tool: Tool, log: Log): string {
  if (error instanceof WebsetsError) {
    log.info(`${tool.name}: ${lineForOperator(error)}`);
    return sentenceForAgent(error);
  }
  log.error(`${tool.name} failed in a way nobody foresaw: ${error instanceof Error ? error.stack : String(error)}`);
  return "unexpected_response: This server failed in a way nobody foresaw; its log on stderr has the details. Call again, or call another tool.";
}
