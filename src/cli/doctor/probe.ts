import { type Config, VERSION } from "../../config.ts";
import { createAsk } from "../../exa/ask.ts";
import { parseHttpDate, type Transport } from "../../exa/http.ts";
import { withoutDepths } from "../../shared/bounded-json.ts";
import type { Clock } from "../../shared/clock.ts";
import { UpstreamClock } from "../../shared/upstream-clock.ts";
import { LIMIT_MS } from "./finding.ts";

/** What goes into a query, in its order; a list is a repeated key. */
export type Query = Readonly<Record<string, string | number | readonly string[]>>;

/** One answer of the API, as it came. */
export interface Exchange {
  /** Below `/websets/v0/`. */
  path: string;
  query: Query;
  /** In `clock.now()`. */
  sentAt: number;
  receivedAt: number;
  status: number;
  /** Of the `Date` header, in milliseconds since 1970. */
  serverTime: number | undefined;
  /** Names in lower case. */
  headers: readonly string[];
  /** What the JSON held; undefined for what is no JSON. */
  json: unknown;
}

export interface ProbeOptions {
  config: Pick<Config, "apiKey" | "baseUrl">;
  transport: Transport;
  clock: Clock;
}

/** Twice, for the first of all requests may meet a connection that has just been closed. */
const ATTEMPTS = 2;

/**
 * Asks the API what no tool does: how it lists, and what it refuses. It reads only, keeps every answer as it came, and goes by the same
 * budget and the same rules as the server.
 */
export class Probe {
  readonly upstreamClock: UpstreamClock;
  readonly exchanges: Exchange[] = [];
  readonly clock: Clock;
  readonly #ask: ReturnType<typeof createAsk>;
  readonly #base: string;
  #asking: { path: string; query: Query } = { path: "", query: {} };

  constructor({ config: { apiKey = "", baseUrl }, transport, clock }: ProbeOptions) {
    this.clock = clock;
    this.upstreamClock = new UpstreamClock(clock);
    this.#base = `${baseUrl.origin}${baseUrl.pathname.replace(/\/+$/, "")}/websets/v0`;
    const kept: Transport = async (request) => {
      const sentAt = clock.now();
      const answer = await transport(request);
      const { status, headers, body } = answer;
      const serverTime = parseHttpDate(headers.date);
      const receivedAt = clock.now();
      const { path, query } = this.#asking;
      const names = Object.keys(headers);
      this.exchanges.push({ path, query, sentAt, receivedAt, status, serverTime, headers: names, json: jsonOf(body) });
      return answer;
    };
    const carrier = Object.assign(kept, { wayTo: transport.wayTo });
    const { upstreamClock } = this;
    this.#ask = createAsk({ apiKey, version: VERSION, transport: carrier, clock, upstreamClock });
  }

  /** Asks, one question at a time. Rejects with a `WebsetsError` within the limit of a check, or with an AbortError. */
  async get(path: string, query: Query, signal: AbortSignal): Promise<Exchange> {
    const url = new URL(`${this.#base}/${path}`);
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value].flat()) url.searchParams.append(name, String(one));
    }
    this.#asking = { path, query };
    const deadline = this.clock.now() + LIMIT_MS;
    const question = { name: `GET /${path}`, url, parse: (json: unknown) => json };
    await this.#ask(question, { signal, deadline, attempts: ATTEMPTS });
    const exchange = this.exchanges.at(-1);
    if (exchange === undefined) throw new Error("an answer that did not come through the transport");
    return exchange;
  }
}

function jsonOf(body: string): unknown {
  try {
    // Whoever walks over it must come to an end.
    return withoutDepths(JSON.parse(body));
  } catch {
    return undefined;
  }
}
