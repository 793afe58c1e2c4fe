import { specTypeSchemas } from "@modelcontextprotocol/server";

type Fields = Record<string, unknown>;

/** The protocol's own schemas of the requests that we answer: the SDK tells what does not fit them as an error of its own inside. */
const SCHEMAS: Readonly<Record<string, keyof typeof specTypeSchemas>> = {
  initialize: "InitializeRequest",
  "completion/complete": "CompleteRequest",
  "prompts/get": "GetPromptRequest",
  "prompts/list": "ListPromptsRequest",
  "resources/list": "ListResourcesRequest",
  "resources/read": "ReadResourceRequest",
  "resources/subscribe": "SubscribeRequest",
  "resources/templates/list": "ListResourceTemplatesRequest",
  "resources/unsubscribe": "UnsubscribeRequest",
  "tools/call": "CallToolRequest",
  "tools/list": "ListToolsRequest",
};

/**
 * The params of a request with what can only mean one thing put right: what a client leaves out that says nothing, a prompt's
 * arguments that are no texts, arguments that were written as JSON twice.
 */
export function repairParams(method: string, params: Fields | undefined): Fields | undefined {
  switch (method) {
    case "initialize": {
      const { capabilities = {}, clientInfo, ...rest } = params ?? {};
      const known = isFields(clientInfo) ? clientInfo : clientInfo === undefined ? {} : undefined;
      return {
        ...rest,
        capabilities,
        clientInfo: known === undefined ? clientInfo : { name: "", version: "", ...known },
      };
    }
    case "completion/complete": {
      const { argument } = params ?? {};
      return isFields(argument) ? { ...params, argument: { value: "", ...argument } } : params;
    }
    case "prompts/get": {
      const { arguments: args } = params ?? {};
      return isFields(args) ? { ...params, arguments: texts(args) } : params;
    }
    case "tools/call": {
      const { arguments: args } = params ?? {};
      return typeof args === "string" ? { ...params, arguments: parsed(args) } : params;
    }
    default:
      return params;
  }
}

/** What is wrong with a request by the protocol, in words; undefined where nothing is, or where the method is none of ours. */
export function wrongParams(request: { method: string; params?: Fields | undefined }): string | undefined {
  const name = Object.hasOwn(SCHEMAS, request.method) ? SCHEMAS[request.method] : undefined;
  if (name === undefined) return undefined;
  const checked = specTypeSchemas[name]["~standard"].validate(request);
  const [issue] = ("issues" in checked && checked.issues) || [];
  if (issue === undefined) return undefined;
  const { path = [], expected } = issue as { path?: readonly PropertyKey[]; expected?: unknown };
  const where = path.map(String).join(".").slice(0, 100);
  const what = typeof expected === "string" ? KINDS[expected] : undefined;
  return what === undefined ? `${where} is not what the protocol says` : `${where} has to be ${what}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
};

function texts(args: Fields): Fields {
  const entries = Object.entries(args).filter(([, value]) => value !== null);
  const isPlain = (value: unknown) => typeof value === "number" || typeof value === "boolean";
  return Object.fromEntries(entries.map(([key, value]) => [key, isPlain(value) ? String(value) : value]));
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : text;
  } catch {
    return text;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
