import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a host told its model. */
export interface Told {
  /** All tools that it offered, by the names it gave them. */
  tools: Set<string>;
  /** The requests that carried a tool's result, as they came. */
  results: string[];
}

export interface ScriptedModel {
  url: string;
  told: Told;
  close(): Promise<void>;
}

/** A call that the model wants, or text with which it ends. */
type Turn = { tool: string; namespace?: string | undefined } | { text: string };

/** What of a request counts, whatever the service it is meant for. */
interface Asked {
  tools: { name: string; namespace?: string }[];
  hasResult: boolean;
}

/** One service's way of asking and answering; `answer` returns the events of a stream. */
interface Dialect {
  path: RegExp;
  read(body: Body): Asked;
  answer(turn: Turn): { event?: string; data: unknown }[];
}

// biome-ignore lint/suspicious/noExplicitAny: requests of four services, read where they are met
type Body = any;

const ID = "call_1";

const anthropic: Dialect = {
  path: /\/v1\/messages$/,
  read: ({ tools = [], messages = [] }) => ({
    tools,
    hasResult: messages.some(({ content }: Body) => Array.isArray(content) && content.some(typed("tool_result"))),
  }),
  answer(turn) {
    const isCall = "tool" in turn;
    const block = isCall ? { type: "tool_use", id: ID, name: turn.tool, input: {} } : { type: "text", text: "" };
    const delta = isCall
      ? { type: "input_json_delta", partial_json: "{}" }
      : { type: "text_delta", text: (turn as { text: string }).text };
    const message = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "scripted",
      content: [],
      stop_reason: null,
    };
    return [
      { type: "message_start", message: { ...message, usage: { input_tokens: 1, output_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: block },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: isCall ? "tool_use" : "end_turn" }, usage: { output_tokens: 1 } },
      { type: "message_stop" },
    ].map((data) => ({ event: data.type, data }));
  },
};

const responses: Dialect = {
  path: /\/responses$/,
  read: ({ tools = [], input = [] }) => ({
    tools: tools.flatMap((tool: Body) =>
      tool.type === "namespace" ? tool.tools.map((one: Body) => ({ name: one.name, namespace: tool.name })) : [tool],
    ),
    hasResult: Array.isArray(input) && input.some(typed("function_call_output")),
  }),
  answer(turn) {
    const item =
      "tool" in turn
        ? {
            type: "function_call",
            id: "fc_1",
            call_id: ID,
            name: turn.tool,
            namespace: turn.namespace,
            arguments: "{}",
          }
        : { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: turn.text }] };
    const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
    return [
      { type: "response.created", response: { id: "resp_1" } },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: { id: "resp_1", output: [item], usage } },
    ].map((data) => ({ event: data.type, data }));
  },
};

const chat: Dialect = {
  path: /\/chat\/completions$/,
  read: ({ tools = [], messages = [] }) => ({
    tools: tools.map((tool: Body) => tool.function),
    hasResult: messages.some(({ role }: Body) => role === "tool"),
  }),
  answer(turn) {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      data: {
        id: "chat_1",
        object: "chat.completion.chunk",
        created: 1,
        model: "scripted",
        choices: [{ index: 0, delta, finish_reason }],
      },
    });
    if ("text" in turn) return [chunk({ role: "assistant", content: turn.text }), chunk({}, "stop")];
    const call = { index: 0, id: ID, type: "function", function: { name: turn.tool, arguments: "{}" } };
    return [chunk({ role: "assistant", tool_calls: [call] }), chunk({}, "tool_calls")];
  },
};

const gemini: Dialect = {
  path: /:(streamGenerateContent|generateContent)$/,
  read: ({ tools = [], contents = [] }) => ({
    tools: tools.flatMap((tool: Body) => tool.functionDeclarations ?? []),
    hasResult: contents.some(({ parts }: Body) => parts?.some((part: Body) => "functionResponse" in part)),
  }),
  answer(turn) {
    const part = "tool" in turn ? { functionCall: { name: turn.tool, args: {} } } : { text: turn.text };
    const candidate = { content: { role: "model", parts: [part] }, finishReason: "STOP", index: 0 };
    const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };
    return [{ data: { candidates: [candidate], usageMetadata, modelVersion: "scripted" } }];
  },
};

const DIALECTS = [anthropic, responses, chat, gemini];

/**
 * A model on loopback that calls one tool, without arguments, and ends when it has seen the result. It speaks as the services of Anthropic,
 * OpenAI (both ways) and Google do, as far as hosts ask them.
 * @param wanted the end of the tool's name: hosts put something before it
 */
export async function startModel(wanted: string): Promise<ScriptedModel> {
  const told: Told = { tools: new Set(), results: [] };
  const server = createServer((request, response) => {
    void respond(request, response, wanted, told).catch((error) => response.destroy(error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function respond(request: IncomingMessage, response: ServerResponse, wanted: string, told: Told): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const { pathname } = new URL(request.url ?? "/", "http://loopback");
  const dialect = DIALECTS.find(({ path }) => path.test(pathname));
  if (dialect === undefined || request.method !== "POST") {
    response.writeHead(404, { "content-type": "application/json" }).end('{"error":{"message":"not scripted"}}');
    return;
  }
  const body = JSON.parse(text);
  const { tools, hasResult } = dialect.read(body);
  for (const { name, namespace } of tools) told.tools.add(namespace === undefined ? name : `${namespace}.${name}`);
  if (hasResult) told.results.push(text);
  const tool = tools.find(({ name }) => name?.endsWith(wanted));
  const turn = tool === undefined || hasResult ? { text: "Done." } : { tool: tool.name, namespace: tool.namespace };
  const events = dialect.answer(turn);
  if (pathname.endsWith(":generateContent")) {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(events[0]?.data));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const { event, data } of events) {
    response.write(`${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`);
  }
  response.end(dialect === chat ? "data: [DONE]\n\n" : "");
}

function typed(wanted: string): (part: { type?: string }) => boolean {
  return ({ type }) => type === wanted;
}
