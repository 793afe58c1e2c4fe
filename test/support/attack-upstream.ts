import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came in. */
export interface Asked {
  /** Below `/websets/v0/`. */
  path: string;
  query: URLSearchParams;
  /** How many of this path have come, this one included. */
  nth: number;
  /** Milliseconds since the upstream began. */
  at: number;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** Sent as it is where it is text, else as JSON. */
  body?: unknown;
}

export interface Told {
  id?: unknown;
  type?: string;
  /** Milliseconds since the upstream began: when it was created, and when it can be seen; by default at once. */
  at?: number;
  seenAt?: number;
  /** In place of the ISO time. */
  createdAt?: unknown;
  websetId?: string;
  data?: unknown;
}

interface Kept {
  id: unknown;
  type: string;
  time: number;
  seenAt: number;
  createdAt: unknown;
  data: unknown;
}

/**
 * An upstream that shares neither code nor assumptions with the sandbox, for attacks: a plain server, ids that do not sort, ties in
 * no order of ids, pages that end where it likes. A test says what is wrong with it.
 */
export class AttackUpstream {
  readonly began = Date.now();
  readonly asked: Asked[] = [];
  /** The `Date` of an answer, in milliseconds since 1970; undefined for none. */
  dateOf: (asked: Asked) => number | undefined = () => Date.now();
  /** Answers in place of this server; undefined where it shall answer itself. */
  meddle: (asked: Asked) => Answer | undefined | Promise<Answer | undefined> = () => undefined;
  /** Changes what it would answer to a request for events. */
  bend: (page: Page, asked: Asked) => unknown = (page) => page;
  /** Whether each answer is announced by a `100 Continue` that nobody asked for. */
  continues = false;
  order: "newest-first" | "oldest-first" = "newest-first";
  pageCap = 200;
  /** Websets by their ids; undefined is answered with 404. */
  readonly websets = new Map<string, (asked: Asked) => object | undefined>();
  readonly monitors = new Map<string, object>();
  readonly #events: Kept[] = [];
  readonly #counts = new Map<string, number>();
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #url = "";

  /** What a program needs to ask this upstream. */
  get env(): Record<string, string> {
    return { EXA_BASE_URL: this.#url, EXA_API_KEY: "attack-key-0123456789" };
  }

  /** Milliseconds since it began. */
  get now(): number {
    return Date.now() - this.began;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Adds an event, by default of now; returns its id. */
  tell(told: Told = {}): string {
    const { type = "webset.item.created", at = this.now, seenAt = at, websetId = "ws_1" } = told;
    const id = "id" in told ? told.id : randomUUID();
    const time = this.began + at;
    const isOwn = ["webset.created", "webset.idle", "webset.paused", "webset.deleted"].includes(type);
    const data = told.data ?? (isOwn ? { id: websetId, object: "webset" } : { id: `of-${id}`, websetId });
    const createdAt = "createdAt" in told ? told.createdAt : new Date(time).toISOString();
    this.#events.push({ id, type, time, seenAt, createdAt, data });
    return String(id);
  }

  /** How many requests of a path have come. */
  count(path: string): number {
    return this.#counts.get(path) ?? 0;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://upstream");
    const path = pathname.replace(/^\/websets\/v0\//, "");
    const nth = this.count(path) + 1;
    this.#counts.set(path, nth);
    const asked: Asked = { path, query: searchParams, nth, at: this.now };
    this.asked.push(asked);
    const { status = 200, headers = {}, body } = (await this.meddle(asked)) ?? this.#answer(asked);
    if (this.continues) response.writeContinue();
    response.sendDate = false;
    const date = this.dateOf(asked);
    if (date !== undefined) response.setHeader("date", new Date(date).toUTCString());
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  #answer(asked: Asked): Answer {
    const [kind, id, more] = asked.path.split("/");
    if (kind === "events" && id === undefined) return { body: this.bend(this.#page(asked), asked) };
    if (kind === "websets" && id === undefined) {
      const limit = Number(asked.query.get("limit") ?? 25);
      const begin = Number(asked.query.get("cursor") ?? 0);
      const states = [...this.websets.values()].slice(begin, begin + limit).map((state) => state(asked));
      const hasMore = begin + limit < this.websets.size;
      const data = states.filter((state) => state !== undefined);
      return { body: { data, hasMore, nextCursor: hasMore ? String(begin + limit) : null } };
    }
    const found = kind === "websets" ? this.websets.get(id ?? "")?.(asked) : this.monitors.get(id ?? "");
    return found === undefined || more !== undefined ? refusal(404) : { body: found };
  }

  #page({ query }: Asked): Page {
    const after = Date.parse(query.get("createdAfter") ?? "1970-01-01T00:00:00Z");
    const before = Date.parse(query.get("createdBefore") ?? "2200-01-01T00:00:00Z");
    const types = query.getAll("types");
    const sign = this.order === "newest-first" ? -1 : 1;
    const listed = this.#events
      .map((event, serial) => ({ event, serial }))
      .filter(({ event }) => event.seenAt <= this.now && event.time >= after && event.time <= before)
      .filter(({ event }) => types.length === 0 || types.includes(event.type))
      .sort((a, b) => sign * (a.event.time - b.event.time || a.serial - b.serial));
    const limit = Math.min(Number(query.get("limit") ?? 25), this.pageCap);
    const cursor = query.get("cursor");
    const begin = cursor === null ? 0 : listed.findIndex(({ serial }) => cursorOf(serial) === cursor) + 1;
    const page = listed.slice(begin, begin + limit);
    const hasMore = begin + limit < listed.length;
    return {
      data: page.map(({ event: { id, type, createdAt, data } }) => ({ id, object: "event", type, data, createdAt })),
      hasMore,
      nextCursor: hasMore ? cursorOf(page.at(-1)?.serial ?? 0) : null,
    };
  }
}

export interface Page {
  data: object[];
  hasMore: boolean;
  nextCursor: string | null;
}

function cursorOf(serial: number): string {
  return `after-${serial.toString(36)}`;
}

/** A refusal in the API's own shape. */
export function refusal(status: number, message = "No"): Answer {
  return { status, body: { statusCode: status, message, error: message } };
}

/** A Webset with one search, as it stands. */
export function websetState(id: string, status: string, searchStatus: string, found = 0): object {
  return {
    id,
    object: "webset",
    status,
    searches: [
      {
        id: `search-of-${id}`,
        object: "webset_search",
        status: searchStatus,
        query: "makers of kites",
        count: 10,
        progress: { found, analyzed: found, completion: found * 10, timeLeft: null },
      },
    ],
    enrichments: [],
    imports: [],
    monitors: [],
  };
}
