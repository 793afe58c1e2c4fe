import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { type JSONRPCMessage, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/server";
import { anotherId, restoreIds, type SdkId } from "../messages/message-id.ts";
import { INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, type Read, type Refusal } from "../messages/read-message.ts";
import { jsonOf } from "../messages/write-message.ts";
import { progressIn } from "../resources/subscriptions.ts";
import { TaskWire } from "../tasks/wire.ts";
import { answerJson, answerText, end, frameOf, openStream, type Refused, refuse, tell, write } from "./answer.ts";
import { isMethod } from "./methods.ts";
import { SESSION_HEADER, type TenantService } from "./tenant-service.ts";

/** The headers that the protocol reads. No other one, and above all no key, gets any further than here. */
const FORWARDED = ["mcp-protocol-version", "mcp-method", "mcp-name", SESSION_HEADER];
const BOTH_FORMS = "application/json, text/event-stream";

/** Whoever comes too fast or wants too much at a time may come again after this many seconds. */
const COME_AGAIN_SECONDS = 5;
/** The SDK's own limit. */
const MOST_IN_BATCH = 100;

/** A message as far as it matters here. */
interface Loose {
  id?: SdkId;
  method: string;
  params?: { requestId?: unknown; name?: unknown; _meta?: Record<string, unknown> };
}

/** The body of a request, read. */
export interface Body {
  reads: readonly Read[];
  /** Whether it is a list of messages, as before 2025-06-18. */
  isBatch: boolean;
}

/** What may be told of a request in the log. */
export interface Told {
  era?: "2025" | "2026";
  method?: string;
  tool?: string;
}

/** What a body's requests are, for the log: nothing of it is longer than a name, and none of it the caller's own words. */
export function toldOf({ reads, isBatch }: Body, tools: ReadonlySet<string>): Told {
  const [first] = messagesIn(reads);
  if (first === undefined) return {};
  const { method, params } = first as Loose;
  const era = isModern(first) ? "2026" : "2025";
  if (isBatch) return { era, method: "batch" };
  const name = params?.name;
  return {
    era,
    method: isMethod(method) ? method : "other",
    ...(method === "tools/call" && { tool: typeof name === "string" && tools.has(name) ? name : "other" }),
  };
}

/**
 * Answers one POST: lets the tenant's MCP handler serve what it holds, and passes on what comes of it as it comes. When the
 * response is closed, or the request cancelled, so is the work.
 */
export async function answerPost(
  tenant: TenantService,
  { body, headers, newSession }: { body: Body; headers: IncomingHttpHeaders; newSession: () => string },
  res: ServerResponse,
): Promise<void> {
  const messages = messagesIn(body.reads);
  const refusals = body.reads.flatMap((read) => (read.kind === "refused" ? [read.answer] : []));
  const requests = messages.filter(isRequest);
  const tooMuch = tooFast(tenant, body.reads.length) ?? beyondLimits(tenant, requests);
  if (tooMuch !== undefined)
    return refuse(res, { id: requests.length === 1 ? requests[0]?.id : undefined, ...tooMuch });
  if (messages.length === 0) return answerRefused(refusals, body.isBatch, res);

  const sessionId = headerOf(headers, SESSION_HEADER);
  for (const message of messages) cancelled(tenant, sessionId, message);
  const subscribes = requests.some((one) => one.method === "resources/subscribe" && !isModern(one));
  if (subscribes && sessionId === undefined) {
    return refuse(res, {
      status: 400,
      code: INVALID_REQUEST,
      message: "Updates go to the stream of a session: send the Mcp-Session-Id that initialize was answered with.",
      id: requests[0]?.id,
    });
  }

  const exchange = new Exchange(tenant, res);
  try {
    // The answers to a batch come in one stream, which ends only with the last of them.
    if (sessionId !== undefined && !body.isBatch) exchange.cancelBy(sessionId, requests[0]?.id);
    if (subscribes && sessionId !== undefined) tenant.sessions.of(sessionId).beginSubscriptions();
    if (requests.some(({ method }) => method === "initialize")) res.setHeader(SESSION_HEADER, newSession());
    await exchange.serve(messages, { isBatch: body.isBatch, headers, first: refusals });
    // It counts until its reader has all of it, also when the process is about to end.
    await end(res);
  } finally {
    exchange.end();
  }
}

/** One request and its response. */
class Exchange {
  readonly #tenant: TenantService;
  readonly #res: ServerResponse;
  readonly #abort = new AbortController();
  readonly #ends: (() => void)[] = [];
  readonly #wire: TaskWire;
  /** Resolves when the reader has room for more. */
  #room: Promise<void> | undefined;
  /** Whether the listen of this exchange would end at once, for the SDK knows nothing of tasks. */
  #listensToTasksOnly = false;

  constructor(tenant: TenantService, res: ServerResponse) {
    this.#tenant = tenant;
    this.#res = res;
    this.#wire = new TaskWire(tenant.tasks, (message) => tell(res, this.#frame(message)));
    const cancel = () => this.#abort.abort();
    res.on("close", cancel);
    this.#ends.push(() => {
      res.off("close", cancel);
      this.#wire.close();
    });
  }

  /** Lets the request be cancelled by its session, from wherever. */
  cancelBy(sessionId: string, id: SdkId | undefined): void {
    if (id !== undefined) this.#ends.push(this.#tenant.sessions.onCancel(sessionId, id, () => this.#abort.abort()));
  }

  async serve(
    messages: readonly JSONRPCMessage[],
    { isBatch, headers, first }: { isBatch: boolean; headers: IncomingHttpHeaders; first: readonly Refusal[] },
  ): Promise<void> {
    const [only] = messages;
    const answer = messages.map((message) => this.#wire.fromClient(message)).find((one) => one !== undefined);
    if (answer !== undefined) return this.#answer(200, JSON.stringify(answer));
    const listen = only !== undefined && isListen(only) ? only : undefined;
    const body = listen === undefined ? withIdsOfTheirOwn(messages) : [this.#withSomethingToListenTo(listen)];
    const requests = messages.filter(isRequest);
    const streams = requests.filter(staysOpen).length;
    this.#count("calls", requests.length - streams);
    this.#count("streams", streams);
    this.#count("eventStreams", requests.filter(isEventStream).length);
    // The SDK keeps the signal alone, which aborts only as long as somebody holds the request.
    const request = new Request("http://localhost/mcp", {
      method: "POST",
      headers: forwarded(headers),
      signal: this.#abort.signal,
    });
    this.#tenant.rooms.set(request, () => this.#room);
    const response = await this.#tenant.handler.fetch(request, { parsedBody: isBatch ? body : body[0] });
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (!isStream || response.body === null) return this.#answer(response.status, await response.text());
    if (listen !== undefined) this.#watch(listen);
    openStream(this.#res);
    for (const refusal of first) await write(this.#res, this.#frame(refusal as JSONRPCMessage));
    for await (const chunk of response.body) {
      if (request.signal.aborted) break;
      const text = this.#changed(chunk);
      // Whoever tells of updates does not wait for readers.
      if (listen !== undefined) tell(this.#res, text);
      else this.#room = write(this.#res, text);
      await this.#room;
    }
  }

  end(): void {
    for (const end of this.#ends) end();
  }

  #count(what: "calls" | "streams" | "eventStreams", requests: number): void {
    const tenant = this.#tenant;
    tenant[what] += requests;
    this.#ends.push(() => {
      tenant[what] -= requests;
    });
  }

  /** Watches what a listen asks for as long as it is open. What cannot be watched is passed over, as the protocol has it. */
  #watch({ params }: Loose): void {
    const { subscriptions } = this.#tenant;
    const holder = Symbol("listen");
    for (const { uri, websetId } of progressIn(params)) subscriptions.add(holder, uri, websetId).catch(() => {});
    this.#ends.push(() => subscriptions.remove(holder));
  }

  /** The SDK ends a listen at once that asks for nothing it knows. */
  #withSomethingToListenTo(listen: JSONRPCMessage): JSONRPCMessage {
    const { params } = listen as { params?: { notifications?: Record<string, unknown> } };
    const { taskIds, ...known } = params?.notifications ?? {};
    if (!Array.isArray(taskIds) || Object.keys(known).length > 0) return listen;
    this.#listensToTasksOnly = true;
    return { ...listen, params: { ...params, notifications: { resourceSubscriptions: [TASKS] } } } as JSONRPCMessage;
  }

  /** A chunk of the SDK's stream as it leaves: whole events and comments. */
  #changed(chunk: Uint8Array): string {
    const parts = Buffer.from(chunk)
      .toString()
      .split(/(?<=\n\n)/);
    return parts.map((part) => part.replace(EVENT, (_, json: string) => this.#frame(JSON.parse(json)))).join("");
  }

  #frame(message: JSONRPCMessage): string {
    return frameOf(this.#json(message));
  }

  /** A message as it leaves: with what the SDK does not know of tasks, without the key, and under the client's own ids. */
  #json(message: JSONRPCMessage): string {
    const told = this.#wire.toClient(this.#listensToTasksOnly ? withoutPlaceholder(message) : message);
    return restoreIds(jsonOf(told, this.#tenant.redact));
  }

  /** A response that is no stream. */
  #answer(status: number, text: string): void {
    const res = this.#res;
    if (text === "") return void res.writeHead(status).end();
    answerText(res, status, this.#json(JSON.parse(text)), { "content-type": "application/json" });
  }
}

/** A dot alone stands for no U+2028, which JSON may hold as it is. */
const EVENT = /^event: message\ndata: (.*)\n\n$/s;
/** What stands for tasks where the SDK wants a resource; nothing is ever told of it. */
const TASKS = "websets://tasks";

function withoutPlaceholder(message: JSONRPCMessage): JSONRPCMessage {
  const { params } = message as { params?: { notifications?: { resourceSubscriptions?: unknown } } };
  if (params?.notifications?.resourceSubscriptions === undefined) return message;
  const { resourceSubscriptions, ...notifications } = params.notifications;
  return { ...message, params: { ...params, notifications } } as JSONRPCMessage;
}

/** The SDK would take requests of one id for one, and the first answer for that to all of them. */
function withIdsOfTheirOwn(messages: readonly JSONRPCMessage[]): JSONRPCMessage[] {
  const ids = new Set<SdkId>();
  return messages.map((message) => {
    const { id } = message as Loose;
    if (id === undefined) return message;
    const own = ids.has(id) ? anotherId(id) : id;
    ids.add(own);
    return { ...message, id: own } as JSONRPCMessage;
  });
}

/** Whether a tenant asks too fast. What nobody can serve is counted, too: it has to be read. */
export function tooFast({ limits, rate }: TenantService, messages = 1): Refused | undefined {
  const seconds = rate.take(Math.min(Math.max(messages, 1), MOST_IN_BATCH));
  if (seconds !== undefined) return tooMany(`more than ${limits.requestsPerSecond} requests a second`, seconds);
  return messages > MOST_IN_BATCH ? never(`more than ${MOST_IN_BATCH} messages in a batch`) : undefined;
}

/** Why a tenant's requests are sent away, if they are. */
function beyondLimits(tenant: TenantService, requests: readonly Loose[]): Refused | undefined {
  const { limits } = tenant;
  const streams = requests.filter(staysOpen).length;
  const watches = requests.reduce((sum, request) => sum + watchesOf(request), 0);
  return (
    beyond("calls", { now: tenant.calls, more: requests.length - streams, most: limits.calls }) ??
    beyond("subscriptions", { now: tenant.streams, more: streams, most: limits.subscriptions }) ??
    beyond("subscriptions", { now: tenant.watched, more: watches, most: limits.subscriptions })
  );
}

/** Why there is no room for more of something, if there is none. */
export function beyond(
  what: string,
  { now, more, most }: { now: number; more: number; most: number },
): Refused | undefined {
  const words = `more than ${most} ${what} at a time`;
  if (more > most) return never(words);
  return now + more > most ? tooMany(words) : undefined;
}

/** For what no later time is right. */
function never(what: string): Refused {
  return { status: 400, code: INVALID_REQUEST, message: `Invalid request: this server takes no ${what}` };
}

export function tooMany(what: string, seconds = COME_AGAIN_SECONDS): Refused {
  return {
    status: 429,
    message: `rate_limited: This server takes no ${what} for one key. Call again in ${seconds} s; nothing is lost.`,
    headers: { "retry-after": String(seconds) },
  };
}

/** How many Websets a request wants to have watched, at most. */
function watchesOf(request: Loose): number {
  if (request.method === "resources/subscribe") return 1;
  return isListen(request) ? progressIn(request.params).length : 0;
}

function cancelled(tenant: TenantService, sessionId: string | undefined, message: JSONRPCMessage): void {
  const { method, params } = message as Loose;
  if (method !== "notifications/cancelled" || sessionId === undefined) return;
  const requestId = params?.requestId;
  if (typeof requestId === "string" || typeof requestId === "number") tenant.sessions.cancel(sessionId, requestId);
}

/**
 * What nobody can serve is told under its own id where it has one: as an answer where only the parameters are wrong, and with the
 * status of a bad request else.
 */
function answerRefused(refusals: readonly Refusal[], isBatch: boolean, res: ServerResponse): void {
  // A client's answers, to which nothing is to be said: nothing was asked.
  if (refusals.length === 0) return void res.writeHead(202).end();
  const isWrongOnly = refusals.every(({ id, error }) => id !== undefined && error.code === INVALID_PARAMS);
  const told = refusals.map(({ id = null, ...rest }) => ({ ...rest, id }));
  // What is no JSON at all is no list either.
  const isList = isBatch && told[0]?.error.code !== PARSE_ERROR;
  answerJson(res, isWrongOnly ? 200 : 400, isList ? told : told[0]);
}

export function messagesIn(reads: readonly Read[]): JSONRPCMessage[] {
  return reads.flatMap((read) => (read.kind === "message" ? [read.message] : []));
}

function isRequest(message: JSONRPCMessage): message is JSONRPCMessage & Loose & { id: SdkId } {
  return (message as Loose).id !== undefined;
}

function isListen(message: object): message is JSONRPCMessage & Loose {
  return (message as Loose).method === "subscriptions/listen" && isModern(message);
}

/** What stays open as long as its client wants is none of the calls that are to end. */
function staysOpen(message: object): boolean {
  return isListen(message) || isEventStream(message);
}

function isEventStream(message: object): boolean {
  return (message as Loose).method === "events/stream";
}

function isModern(message: object): boolean {
  return (message as Loose).params?._meta?.[PROTOCOL_VERSION_META_KEY] !== undefined;
}

/** Whoever takes anything, or does not say what, takes both forms of an answer. */
function forwarded(headers: IncomingHttpHeaders): Record<string, string> {
  const accept = headerOf(headers, "accept") ?? "*/*";
  const named = FORWARDED.flatMap((name) => {
    const value = headerOf(headers, name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(named),
    accept: accept.includes("*/*") ? BOTH_FORMS : accept,
    "content-type": headerOf(headers, "content-type") ?? "",
  };
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}
