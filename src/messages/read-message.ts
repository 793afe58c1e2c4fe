import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import { IdScanner, type SdkId, sdkId } from "./message-id.ts";
import { repairParams, wrongParams } from "./request-params.ts";

/** JSON-RPC's own codes for what cannot be parsed, taken, or called with such parameters. */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const INVALID_PARAMS = -32602;

const LEFT_OUT_SINCE_2026: ReadonlySet<string> = new Set([
  "initialize",
  "resources/subscribe",
  "resources/unsubscribe",
]);

/** Nulls below this depth are left: no field of the protocol lies deeper. */
const DEEPEST_NULL = 8;

/** An answer to what the SDK would not take, which it drops without one. Without an id where none could be read. */
export interface Refusal {
  jsonrpc: "2.0";
  id?: SdkId;
  error: { code: number; message: string };
}

export type Read = { kind: "message"; message: JSONRPCMessage } | { kind: "refused"; answer: Refusal };

type Fields = Record<string, unknown>;

/** Where a text came from, in the words of a refusal. */
type Unit = "line" | "body";

/**
 * The messages in a line of stdin or in the body of a request, made such that the SDK takes them, and answers to those it would not.
 * What can only mean one thing means it: a byte order mark nothing, `null` and PHP's `[]` nothing where an object belongs, further
 * keys nothing. A batch is its messages.
 */
export function readMessages(given: string, unit: Unit = "line"): Read[] {
  const text = given.replace(/^\uFEFF/, "");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    const form = unit === "line" ? "; messages are one JSON object a line" : "";
    return [refused(idIn(text), PARSE_ERROR, `Parse error: the ${unit} is not JSON${form}`)];
  }
  let scanned: IdScanner | undefined;
  const rawId = (index: number) => {
    scanned ??= scan(text);
    return scanned.ids[index];
  };
  if (!Array.isArray(parsed)) return read(parsed, unit, () => rawId(0));
  if (parsed.length === 0) return [refused(undefined, INVALID_REQUEST, "Invalid request: the batch is empty")];
  let messages = 0;
  const all = parsed.flatMap((one) => {
    const index = isFields(one) ? messages++ : 0;
    return read(one, unit, () => rawId(index));
  });
  // One answer without an id says as much as a thousand.
  const nameless = all.findIndex((one) => one.kind === "refused" && one.answer.id === undefined);
  return all.filter((one, index) => one.kind === "message" || one.answer.id !== undefined || index === nameless);
}

/** One message, or nothing where it is an answer: we have asked nothing. */
function read(given: unknown, unit: Unit, rawId: () => string | undefined): Read[] {
  if (!isFields(given)) {
    return [refused(undefined, INVALID_REQUEST, `Invalid request: the ${unit} is not one JSON-RPC 2.0 message`)];
  }
  const { id: givenId, jsonrpc, method } = given;
  const hasId = typeof givenId === "string" || typeof givenId === "number";
  const id = hasId ? sdkId(givenId, () => rawId() ?? JSON.stringify(givenId)) : undefined;
  const refuse = (code: number, why: string) => [refused(id, code, why)];
  if (typeof method !== "string") {
    if ("result" in given || "error" in given) return [];
    return refuse(INVALID_REQUEST, `Invalid request: the ${unit} is not one JSON-RPC 2.0 message: it has no method`);
  }
  if (jsonrpc !== "2.0") {
    return refuse(
      INVALID_REQUEST,
      `Invalid request: the ${unit} is not one JSON-RPC 2.0 message: jsonrpc must be "2.0"`,
    );
  }
  // Some libraries write null for the id that a notification does not have.
  const isNotification = givenId === undefined || (givenId === null && method.startsWith("notifications/"));
  if (!hasId && !isNotification) return refuse(INVALID_REQUEST, "Invalid request: the id must be a string or a number");
  const givenParams = readParams(given.params);
  if (typeof givenParams === "string") return refuse(INVALID_PARAMS, `Invalid params: ${givenParams}`);
  // What a later revision no longer has is no matter of parameters.
  const isKnown = hasId && !(LEFT_OUT_SINCE_2026.has(method) && isModern(givenParams));
  const params = isKnown ? repairParams(method, givenParams) : givenParams;
  const wrong = isKnown ? wrongParams({ method, params }) : undefined;
  if (wrong !== undefined) return refuse(INVALID_PARAMS, `Invalid params: ${wrong}`);
  const message = { jsonrpc, ...(hasId ? { id } : {}), method, ...(params === undefined ? {} : { params }) };
  if (hasId ? isJSONRPCRequest(message) : isJSONRPCNotification(message))
    return [{ kind: "message", message: message as JSONRPCMessage }];
  return refuse(INVALID_REQUEST, "Invalid request: its params or their _meta are not what the protocol says");
}

/** The params as the SDK takes them, or in words why it would not. */
function readParams(given: unknown): Fields | string | undefined {
  if (isNothing(given)) return undefined;
  if (!isFields(given)) return "params must be an object";
  // What tools and prompts are called with is theirs to read.
  const { arguments: args, ...rest } = given;
  const { _meta: givenMeta, ...params } = withoutNulls(rest, DEEPEST_NULL);
  if (!isNothing(args) && args !== "") params.arguments = args;
  if (isNothing(givenMeta)) return params;
  if (!isFields(givenMeta)) return "_meta must be an object";
  const { progressToken, ...meta } = givenMeta;
  const token = progressToken === undefined ? undefined : readToken(progressToken);
  if (progressToken !== undefined && token === undefined) return "_meta.progressToken must be a string or a number";
  return { ...params, _meta: token === undefined ? meta : { ...meta, progressToken: token } };
}

function isModern(params: Fields | undefined): boolean {
  return (params?._meta as Fields | undefined)?.[PROTOCOL_VERSION_META_KEY] !== undefined;
}

function readToken(given: unknown): SdkId | undefined {
  if (typeof given === "string" || (typeof given === "number" && Number.isFinite(given))) {
    return sdkId(given, () => JSON.stringify(given));
  }
  return undefined;
}

/** A copy of an object in which what is null is absent. */
function withoutNulls(fields: Fields, depth: number): Fields {
  const entries = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isFields(value) && depth > 0 ? withoutNulls(value, depth - 1) : value]),
  );
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function scan(text: string): IdScanner {
  return new IdScanner().push(Buffer.from(text));
}

function idIn(text: string): SdkId | undefined {
  const { raw } = scan(text);
  return raw === undefined ? undefined : sdkId(JSON.parse(raw), () => raw);
}

/** The answer to a message under its id, where it has one. */
export function refusal(id: SdkId | undefined, code: number, message: string): Refusal {
  return { jsonrpc: "2.0", ...(id === undefined ? {} : { id }), error: { code, message } };
}

function refused(id: SdkId | undefined, code: number, message: string): Read {
  return { kind: "refused", answer: refusal(id, code, message) };
}
