import { setTimeout as sleep } from "node:timers/promises";
import {
  acceptedContent,
  inputRequired,
  McpServer,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
  type Tool,
} from "@modelcontextprotocol/server";
import { systemClock } from "../../src/shared/clock.ts";
import { answerOrTask, declaredIn, mountTaskMethods } from "../../src/tasks/methods.ts";
import { TASKS_EXTENSION, type TaskResult } from "../../src/tasks/protocol.ts";
import type { Tasks } from "../../src/tasks/tasks.ts";

type Args = Record<string, unknown>;

interface Fixture {
  name: string;
  /** Does its work; a tool with `always` is refused to clients without tasks, one without either never becomes a task. */
  tasks: "never" | "possible" | "always";
  run(args: Args, context: ServerContext, signal: AbortSignal): Promise<TaskResult>;
}

const text = (words: string): TaskResult => ({ content: [{ type: "text", text: words }] });

/** The tools that the scenarios name, as their descriptions in the conformance package ask for them. */
const FIXTURES: readonly Fixture[] = [
  { name: "greet", tasks: "never", run: async ({ name }) => text(`Hello, ${name}!`) },
  {
    name: "slow_compute",
    tasks: "possible",
    run: async ({ seconds, label }, _, signal) => {
      await sleep(Number(seconds) * 1_000, undefined, { signal });
      return text(`computed ${label}`);
    },
  },
  {
    name: "failing_job",
    tasks: "always",
    run: async (_, __, signal) => {
      await sleep(1_000, undefined, { signal });
      return { ...text("the job failed"), isError: true };
    },
  },
  {
    name: "protocol_error_job",
    tasks: "possible",
    run: async (_, __, signal) => {
      await sleep(200, undefined, { signal });
      throw new ProtocolError(ProtocolErrorCode.InternalError, "the job broke the protocol");
    },
  },
  // Tasks of this server never ask their client for anything, so these two answer instead of asking.
  { name: "confirm_delete", tasks: "never", run: async () => text("deleted without asking") },
  { name: "multi_input", tasks: "never", run: async () => text("done without asking") },
  {
    name: "test_tool_with_task",
    tasks: "always",
    run: async (_, { mcpReq }, signal) => {
      const answer = acceptedContent(mcpReq.inputResponses, "user_name") as { name?: unknown } | undefined;
      await sleep(200, undefined, { signal });
      return text(`Hello, ${answer?.name}!`);
    },
  },
];

/** A server with those tools, whose long calls go through the same engine as ours. */
export function fixtureServer(tasks: Tasks): McpServer {
  const mcp = new McpServer({ name: "tasks-conformance", version: "1.0.0" });
  mcp.server.registerCapabilities({ tools: {} });
  mountTaskMethods(mcp.server, tasks, () => {
    throw new Error("nothing is shared");
  });
  mcp.server.setRequestHandler("tools/list", () => ({ tools: FIXTURES.map(listed) }));
  mcp.server.setRequestHandler("tools/call", async ({ params }, context) => {
    const fixture = FIXTURES.find(({ name }) => name === params.name);
    if (fixture === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `no tool ${params.name}`);
    const args = params.arguments ?? {};
    if (fixture.tasks === "always" && !declaredIn(context)) {
      throw new MissingRequiredClientCapabilityError({
        requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
      });
    }
    if (fixture.name === "test_tool_with_task" && context.mcpReq.inputResponses === undefined) return askForName();
    if (fixture.tasks === "never" || !declaredIn(context)) {
      return (await fixture.run(args, context, context.mcpReq.signal)) as ReturnType<typeof asResult>;
    }
    const answer = await answerOrTask({
      tasks,
      clock: systemClock,
      signal: context.mcpReq.signal,
      longestMs: 60_000,
      pollIntervalMs: () => 500,
      run: ({ signal, mayTakeLong }) => {
        const done = fixture.run(args, context, signal);
        if (args.seconds !== 0) mayTakeLong();
        return done;
      },
    });
    return asResult(answer);
  });
  return mcp;
}

function askForName() {
  const requestedSchema = {
    type: "object" as const,
    properties: { name: { type: "string" as const } },
    required: ["name"],
  };
  return inputRequired({
    inputRequests: { user_name: inputRequired.elicit({ message: "What is your name?", requestedSchema }) },
  });
}

/** The SDK's types know tools' results only. */
function asResult(answer: object) {
  return answer as { content: [] };
}

function listed({ name }: Fixture): Tool {
  return { name, inputSchema: { type: "object" } };
}
