import { setTimeout as sleep } from "node:timers/promises";
import { TASKS_EXTENSION } from "../../src/tasks/protocol.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { Program } from "./program.ts";
import { RedisServer } from "./redis.ts";

/** A tool's result over HTTP, as far as it matters here. */
export interface WaitResult {
  outcome: string;
  cursor: string;
  more: boolean;
  events: { id: string }[];
}

// biome-ignore lint/suspicious/noExplicitAny: what messages hold is what the tests are about.
type Message = any;

/** A client goes on with other replicas this often. */
const MOST_ATTEMPTS = 20;
const RETRY_MS = 100;

interface Replica {
  program: Program;
  port: number;
  url: string;
}

/** Processes of the built program that serve over HTTP, what they share, and a balancer that goes round: our own, or nginx. */
export class Replicas {
  readonly redis: RedisServer;
  readonly #upstreamUrl: string;
  readonly #shares: boolean;
  readonly #replicas: Replica[] = [];
  readonly #gone: Program[] = [];
  #nginx: Nginx | undefined;
  /** The ports that nginx knows of and no replica has. */
  #ports: number[] = [];
  #turn = 0;
  #id = 0;
  /** A client gives up a replica that has not answered for this long, in milliseconds: one that has stopped holds connections open. */
  giveUpMs = 60_000;
  /** How many calls had to be made again. */
  retried = 0;

  private constructor(redis: RedisServer, upstreamUrl: string, shares: boolean) {
    this.redis = redis;
    this.#upstreamUrl = upstreamUrl;
    this.#shares = shares;
  }

  static async start(
    count: number,
    upstreamUrl: string,
    { shares = true, behindNginx = false } = {},
  ): Promise<Replicas> {
    const replicas = new Replicas(await RedisServer.start(), upstreamUrl, shares);
    if (behindNginx) {
      replicas.#ports = await Promise.all(Array.from({ length: count }, freePort));
      replicas.#nginx = await startNginx({ upstreams: replicas.#ports });
    }
    await Promise.all(Array.from({ length: count }, () => replicas.add()));
    return replicas;
  }

  /** What all of them have written to stderr. */
  get stderr(): string {
    return [...this.#gone, ...this.#replicas.map(({ program }) => program)].map(({ stderr }) => stderr).join("");
  }

  async add(): Promise<void> {
    const state: Record<string, string> = this.#shares ? { WEBSETS_EVENTS_STATE: this.redis.url } : {};
    const port = this.#ports.shift() ?? 0;
    const args = ["http", "--port", `${port}`, "--allowed-hosts", "mcp"];
    const program = new Program(args, { EXA_BASE_URL: this.#upstreamUrl, ...state });
    const url = await eventually(() => /is at (\S+)/.exec(program.stderr)?.[1], { what: "a replica that listens" });
    this.#replicas.push({ program, port, url });
  }

  /** Kills the replica that is longest there, as a machine that is lost does. */
  async kill(): Promise<void> {
    const replica = this.#replicas.shift();
    if (replica === undefined) return;
    this.#gone.push(replica.program);
    replica.program.child.kill("SIGKILL");
    await replica.program.exited;
    if (this.#nginx !== undefined) this.#ports.push(replica.port);
  }

  /** Stops the replica that is there longest until the returned function is called. */
  stop(): () => void {
    const { child } = this.#replicas[0]?.program ?? {};
    child?.kill("SIGSTOP");
    return () => child?.kill("SIGCONT");
  }

  /** Calls a tool of the next replica; where that one is lost, of another, as a client does that had no answer. */
  async call(key: string, name: string, args: object): Promise<WaitResult> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#callOnce(key, name, args);
      } catch (error) {
        if (attempt >= MOST_ATTEMPTS) throw error;
        this.retried++;
        await sleep(RETRY_MS);
      }
    }
  }

  /**
   * Waits for events again and again, from the last cursor each time, until the one with this id has come; all ids as they were handed
   * out, and when.
   */
  async follow(key: string, types: string[], after: string, lastId: string): Promise<{ id: string; at: number }[]> {
    const told: { id: string; at: number }[] = [];
    for (let cursor = after; !told.some(({ id }) => id === lastId); ) {
      const args = { types, after: cursor, timeoutSeconds: 5, limit: 10 };
      const result = await this.call(key, "wait_for_webset_event", args);
      told.push(...result.events.map(({ id }) => ({ id, at: Date.now() })));
      cursor = result.cursor;
    }
    return told;
  }

  async #callOnce(key: string, name: string, args: object): Promise<WaitResult> {
    const result = await this.#post(key, "tools/call", { name, arguments: args });
    if (result.structuredContent === undefined) throw new Error(JSON.stringify(result).slice(0, 500));
    return result.structuredContent;
  }

  /** Asks the next replica as a client of 2026-07-28 that knows tasks; resolves to the answer's result. */
  send(key: string, method: string, params: Record<string, unknown>): Promise<Message> {
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": { extensions: { [TASKS_EXTENSION]: {} } },
    };
    const name = params.name ?? params.taskId;
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": method, "mcp-name": String(name) };
    return this.#post(key, method, { ...params, _meta }, headers);
  }

  async #post(key: string, method: string, params: object, headers: Record<string, string> = {}): Promise<Message> {
    const own = this.#replicas[this.#turn++ % this.#replicas.length] as Replica;
    const url = this.#nginx === undefined ? own.url : `${this.#nginx.origin}/mcp`;
    const accept = "application/json, text/event-stream";
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept, "x-exa-api-key": key, ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", id: ++this.#id, method, params }),
      signal: AbortSignal.timeout(this.giveUpMs),
    });
    const text = await response.text();
    const streamed = text.split("\n").find((line) => line.startsWith("data: {"));
    const { result } = JSON.parse(streamed?.slice("data: ".length) ?? (text === "" ? "{}" : text));
    if (result === undefined) throw new Error(`${response.status}: ${text.slice(0, 500)}`);
    return result;
  }

  async close(): Promise<void> {
    const programs = this.#replicas.splice(0).map(({ program }) => program);
    for (const { child } of programs) {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
    }
    await Promise.all(programs.map((program) => program.end()));
    await this.#nginx?.close();
    await this.redis.close();
  }
}
