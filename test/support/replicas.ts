import { eventually } from "./eventually.ts";
import { Program } from "./program.ts";
import { RedisServer } from "./redis.ts";

/** A tool's result over HTTP, as far as it matters here. */
export interface WaitResult {
  outcome: string;
  cursor: string;
  more: boolean;
  events: { id: string }[];
}

/** A client gives up a replica that says nothing for this long, in milliseconds: one that has stopped holds its connections open. */
const GIVE_UP_MS = 12_000;
/** Tells how much a client may go on with other replicas. */
const MOST_ATTEMPTS = 20;

interface Replica {
  program: Program;
  url: string;
}

/** Processes of the built program that serve over HTTP, what they share, and a balancer that goes round. */
export class Replicas {
  readonly redis: RedisServer;
  readonly #upstreamUrl: string;
  readonly #shares: boolean;
  readonly #replicas: Replica[] = [];
  readonly #gone: Program[] = [];
  #turn = 0;
  #id = 0;
  /** How many calls had to be made again. */
  retried = 0;

  private constructor(redis: RedisServer, upstreamUrl: string, shares: boolean) {
    this.redis = redis;
    this.#upstreamUrl = upstreamUrl;
    this.#shares = shares;
  }

  static async start(count: number, upstreamUrl: string, { shares = true } = {}): Promise<Replicas> {
    const replicas = new Replicas(await RedisServer.start(), upstreamUrl, shares);
    await Promise.all(Array.from({ length: count }, () => replicas.add()));
    return replicas;
  }

  /** What all of them have written to stderr. */
  get stderr(): string {
    return [...this.#gone, ...this.#replicas.map(({ program }) => program)].map(({ stderr }) => stderr).join("");
  }

  async add(): Promise<void> {
    const state = this.#shares ? ["--state", this.redis.url] : [];
    const program = new Program(["http", "--port", "0", ...state], { EXA_BASE_URL: this.#upstreamUrl });
    const url = await eventually(() => /is at (\S+)/.exec(program.stderr)?.[1], { what: "a replica that listens" });
    this.#replicas.push({ program, url });
  }

  /** Kills the replica that is longest there, as a machine that is lost does. */
  async kill(): Promise<void> {
    const replica = this.#replicas.shift();
    if (replica === undefined) return;
    this.#gone.push(replica.program);
    replica.program.child.kill("SIGKILL");
    await replica.program.exited;
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
      }
    }
  }

  async #callOnce(key: string, name: string, args: object): Promise<WaitResult> {
    const { url } = this.#replicas[this.#turn++ % this.#replicas.length] as Replica;
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "x-exa-api-key": key,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: ++this.#id, method: "tools/call", params: { name, arguments: args } }),
      signal: AbortSignal.timeout(GIVE_UP_MS),
    });
    const text = await response.text();
    const [data] = text.split("\n").filter((line) => line.startsWith("data: {"));
    const { result } = JSON.parse(data?.slice("data: ".length) ?? "null") ?? {};
    if (result?.structuredContent === undefined) throw new Error(`${response.status}: ${text.slice(0, 500)}`);
    return result.structuredContent;
  }

  async close(): Promise<void> {
    const programs = this.#replicas.splice(0).map(({ program }) => program);
    for (const { child } of programs) {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
    }
    await Promise.all(programs.map((program) => program.end()));
    await this.redis.close();
  }
}
