import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { Redis, type RedisOptions, ReplyError } from "iovalkey";
import { linkAbort, orAbort } from "../shared/abort.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import { finished, isAbort } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { Delivery, type LogPlace } from "./delivery.ts";
import {
  type Json,
  type KeptRecord,
  type Lease,
  LOG_LASTS_MS,
  LOG_LENGTH,
  type PutOptions,
  type RecordKey,
  type State,
  StateAway,
} from "./state.ts";

/** All names begin with it: others may use the same store. */
const PREFIX = "websets-events:";
const POKES = `${PREFIX}pokes`;
/** What takes longer, in milliseconds, does not come: readers must not wait for it. */
const ANSWER_MS = 1_000;
const CONNECT_MS = 2_000;
/** Pauses before connecting again grow up to this, in milliseconds. */
const LONGEST_PAUSE_MS = 2_000;
/** A connection on which nothing comes is looked after this often, in milliseconds: one that was cut on the way does not say so. */
const KEEP_ALIVE_MS = 10_000;
/** A lease is renewed this many times within its time. */
const RENEWALS = 3;
/** A store that refuses some of what it is asked, being full or read only, answers the rest: for this long that does not count as back. */
const REFUSING_MS = 60_000;
/** What it held before a connection was lost may be gone: for this long, in milliseconds, until those who know it have put it there again. */
const FORGETFUL_MS = 10_000;
/** This many leases are remembered of which it is not known whether this process has them. */
const MOST_UNSURE = 1_000;

/*
 * What has to happen at once is a script. Whoever has lost a lease is told so by it, however long it had stopped. They need Redis 7 or
 * Valkey: older ones let no script write after it asked for the time.
 */
const LEASE = `
if redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2], "NX") then return 1 end
return redis.call("GET", KEYS[1]) == ARGV[1] and redis.call("PEXPIRE", KEYS[1], ARGV[2]) or 0`;
const RENEW = `return redis.call("GET", KEYS[1]) == ARGV[1] and redis.call("PEXPIRE", KEYS[1], ARGV[2]) or 0`;
const RELEASE = `return redis.call("GET", KEYS[1]) == ARGV[1] and redis.call("DEL", KEYS[1]) or 0`;
const APPEND = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
local place = redis.call("XADD", KEYS[2], "MAXLEN", ARGV[3], "*", "entry", ARGV[2])
redis.call("PEXPIRE", KEYS[2], ARGV[4])
redis.call("PUBLISH", KEYS[2], place .. " " .. ARGV[2])
return 1`;
const NOW = `local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;
/** A tenant's ids stand in a sorted set, by when they expire. */
const PUT = `
if ARGV[1] ~= "" and redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
${NOW}
redis.call("SET", KEYS[2], ARGV[2], "PX", ARGV[3])
redis.call("ZREMRANGEBYSCORE", KEYS[3], "-inf", now)
redis.call("ZADD", KEYS[3], now + ARGV[3], ARGV[4])
redis.call("PEXPIREAT", KEYS[3], redis.call("ZRANGE", KEYS[3], -1, -1, "WITHSCORES")[2])
return 1`;
const GET = `return { redis.call("GET", KEYS[1]), redis.call("PTTL", KEYS[1]) }`;
const LIST = `${NOW}
return redis.call("ZRANGEBYSCORE", KEYS[1], "(" .. string.format("%.0f", now), "+inf")`;

export interface RedisStateOptions {
  /** `redis://` or `rediss://`, with whatever credentials it needs. */
  url: string;
  clock: Clock;
  log: Log;
}

/** What replicas share on Redis or Valkey. It connects by itself, again and again, and nobody waits for it. */
export class RedisState implements State {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #commands: Redis;
  /** A connection that is told of entries and pokes can ask nothing else. */
  readonly #listener: Redis;
  readonly #delivery = new Delivery();
  readonly #leases = new Set<Lease>();
  readonly #end = new AbortController();
  readonly #me = randomUUID();
  /** Tokens of leases by their names: nobody answered whether they were given or renewed, and whoever asks again may have them already. */
  readonly #unsure = new BoundedMap<string, string>({ entries: MOST_UNSURE });
  #lastError: string | undefined;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #wasThere = false;
  #backAt = Number.NEGATIVE_INFINITY;

  constructor({ url, clock, log }: RedisStateOptions) {
    this.#clock = clock;
    this.#log = log;
    // All that is held and asked ends with it.
    setMaxListeners(0, this.#end.signal);
    const options: RedisOptions = {
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      commandTimeout: ANSWER_MS,
      // Whoever asks while it is away should know at once, and nothing should be done later that was given up.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      keepAlive: KEEP_ALIVE_MS,
      // Where another server has taken over, the name may lead to it.
      reconnectOnError: ({ message }) => message.startsWith("READONLY"),
      retryStrategy: (times) => Math.min(LONGEST_PAUSE_MS, 100 * 2 ** Math.min(times, 10)) * (1 + Math.random() / 4),
    };
    this.#commands = new Redis(url, options);
    this.#listener = new Redis(url, options);
    this.#commands.on("ready", () => {
      if (this.#wasThere) this.#backAt = this.#clock.now();
      this.#wasThere = true;
      this.#isBack();
      void this.#listen();
    });
    this.#commands.on("close", () => this.#isGone("the connection was lost"));
    this.#commands.on("error", (error: Error) => this.#isGone(error.message));
    this.#listener.on("ready", () => void this.#listen());
    this.#listener.on("error", () => {});
    this.#listener.on("message", (channel: string, message: string) => this.#hear(channel, message));
    for (const connection of [this.#commands, this.#listener]) connection.connect().catch(() => {});
  }

  get isAway(): boolean {
    return this.#commands.status !== "ready";
  }

  get answers(): boolean {
    return !this.isAway && this.#lastError === undefined;
  }

  get mayHaveForgotten(): boolean {
    return this.#clock.now() - this.#backAt < FORGETFUL_MS;
  }

  async lease(name: string, ttlMs: number): Promise<Lease | undefined> {
    const token = this.#unsure.get(name) ?? randomUUID();
    this.#unsure.delete(name);
    const key = leaseKey(name);
    const askedAt = this.#clock.now();
    const given = await this.#script(LEASE, [key], [token, ttlMs]).catch((error: unknown) => {
      this.#unsure.set(name, token);
      throw error;
    });
    if (given !== 1) return undefined;
    const lost = new AbortController();
    const ended = linkAbort(lost.signal, this.#end.signal);
    const lease: Lease = {
      name,
      token,
      lost: lost.signal,
      release: async () => {
        ended.abort();
        this.#leases.delete(lease);
        await this.#script(RELEASE, [key], [token]).catch(() => {});
      },
    };
    this.#leases.add(lease);
    void this.#renew(lease, ttlMs, askedAt + ttlMs, ended.signal).then((isLost) => {
      this.#leases.delete(lease);
      ended.end();
      if (isLost) lost.abort();
    });
    return lease;
  }

  async append(log: string, entry: Json, { name, token }: Lease): Promise<boolean> {
    const args = [token, JSON.stringify(entry), LOG_LENGTH, LOG_LASTS_MS];
    return (await this.#script(APPEND, [leaseKey(name), logKey(log)], args)) === 1;
  }

  async *follow(log: string, signal: AbortSignal): AsyncGenerator<readonly Json[], void> {
    const key = logKey(log);
    const linked = linkAbort(signal, this.#end.signal);
    try {
      const isFirst = !this.#delivery.logs.includes(key);
      const batches = this.#delivery.follow(key, linked.signal, () => {
        this.#listener.unsubscribe(key).catch(() => {});
      });
      void this.#load(key, isFirst);
      yield* batches;
    } finally {
      linked.abort();
    }
  }

  async put({ tenant, id }: RecordKey, record: Json, { ttlMs, lease }: PutOptions): Promise<boolean> {
    const key = recordKey(tenant, id);
    const keys = [lease === undefined ? key : leaseKey(lease.name), key, listKey(tenant)];
    const args = [lease?.token ?? "", JSON.stringify(record), Math.ceil(ttlMs), id];
    return (await this.#script(PUT, keys, args)) === 1;
  }

  async get({ tenant, id }: RecordKey): Promise<KeptRecord | undefined> {
    const [text, leftMs] = (await this.#script(GET, [recordKey(tenant, id)], [])) as [string | null, number];
    const record = parsed(text ?? "");
    return record === undefined ? undefined : { record, leftMs };
  }

  async delete({ tenant, id }: RecordKey): Promise<void> {
    await this.#ask(() => this.#commands.del(recordKey(tenant, id)));
    await this.#ask(() => this.#commands.zrem(listKey(tenant), id));
  }

  async list(tenant: string): Promise<string[]> {
    return (await this.#script(LIST, [listKey(tenant)], [])) as string[];
  }

  async poke(name: string): Promise<void> {
    this.#delivery.poke(name);
    await this.#ask(() => this.#commands.publish(POKES, `${this.#me} ${name}`));
  }

  onPoke(name: string, action: () => void): () => void {
    return this.#delivery.onPoke(name, action);
  }

  async close(): Promise<void> {
    if (this.#end.signal.aborted) return;
    await Promise.all([...this.#leases].map((lease) => lease.release()));
    this.#end.abort();
    this.#commands.disconnect();
    this.#listener.disconnect();
  }

  /** Renews a lease until the signal aborts. Resolves to whether it may be another's. */
  async #renew({ name, token }: Lease, ttlMs: number, until: number, signal: AbortSignal): Promise<boolean> {
    for (let isHeldUntil = until; ; ) {
      try {
        await this.#clock.sleep(ttlMs / RENEWALS, signal);
      } catch (error) {
        if (isAbort(error)) return false;
        throw error;
      }
      const askedAt = this.#clock.now();
      try {
        if ((await this.#script(RENEW, [leaseKey(name)], [token, ttlMs])) !== 1) return !signal.aborted;
        isHeldUntil = askedAt + ttlMs;
      } catch {
        if (signal.aborted) return false;
        if (this.#clock.now() + ttlMs / RENEWALS < isHeldUntil) continue;
        this.#unsure.set(name, token);
        return true;
      }
    }
  }

  /** Asks to be told of everything that is waited for, and reads what was missed, once both connections are there. */
  async #listen(): Promise<void> {
    if (this.isAway || this.#listener.status !== "ready") return;
    const { logs } = this.#delivery;
    for (const log of logs) this.#delivery.reload(log);
    try {
      await this.#subscribe(POKES, ...logs);
    } catch {
      // It comes again with the next connection.
      return;
    }
    await Promise.all(logs.map((log) => this.#load(log, false)));
  }

  /** Reads what a log holds, after asking to be told of what comes. Where the store is away, `#listen` does so once it is back. */
  async #load(key: string, subscribes: boolean): Promise<void> {
    try {
      if (subscribes) await this.#subscribe(key);
      const entries = await this.#ask(() => this.#commands.xrange(key, "-", "+"));
      for (const [place, [, text]] of entries) this.#tell(key, place, text ?? "");
      this.#delivery.loaded(key);
    } catch {
      // The log says so once; readers poll for themselves.
    }
  }

  async #subscribe(...channels: string[]): Promise<void> {
    if (this.#listener.status !== "ready") throw new StateAway("the connection that is told of entries is not there");
    await this.#ask(() => this.#listener.subscribe(...channels));
  }

  #hear(channel: string, message: string): void {
    const space = message.indexOf(" ");
    const [head, text] = [message.slice(0, space), message.slice(space + 1)];
    if (channel !== POKES) this.#tell(channel, head, text);
    else if (head !== this.#me) this.#delivery.poke(text);
  }

  #tell(key: string, place: string, text: string): void {
    const entry = parsed(text);
    if (entry !== undefined) this.#delivery.entry(key, place.split("-").map(Number) as unknown as LogPlace, entry);
  }

  #script(script: string, keys: string[], args: (string | number)[]): Promise<unknown> {
    return this.#ask(() => this.#commands.eval(script, keys.length, ...keys, ...args));
  }

  async #ask<T>(command: () => Promise<T>): Promise<T> {
    if (this.isAway) throw new StateAway(this.#lastError ?? "it is not connected yet");
    try {
      const answer = await orAbort(command(), this.#end.signal);
      this.#isBack();
      return answer;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (error instanceof ReplyError) this.#refusedAt = this.#clock.now();
      if (!this.#end.signal.aborted) this.#isGone(why);
      // One that does not answer may be at the other end of a connection that nobody ended.
      if (why === "Command timed out") for (const one of [this.#commands, this.#listener]) one.disconnect(true);
      throw new StateAway(why, { cause: error });
    }
  }

  #isGone(why: string): void {
    if (this.#lastError === undefined && !this.#end.signal.aborted) {
      // Redis names the script that it refused.
      const cause = why.replace(/ script: \w{40},.*$/s, "");
      this.#log.warn(
        `${finished(`what replicas share is away: ${cause}`)} Until it is back each replica polls for itself`,
      );
    }
    this.#lastError = why;
  }

  #isBack(): void {
    if (this.#clock.now() - this.#refusedAt < REFUSING_MS) return;
    if (this.#lastError !== undefined) this.#log.warn("what replicas share is back");
    this.#lastError = undefined;
  }
}

const leaseKey = (name: string) => `${PREFIX}lease:${name}`;
const logKey = (log: string) => `${PREFIX}log:${log}`;
const recordKey = (tenant: string, id: string) => `${PREFIX}record:${tenant}:${id}`;
const listKey = (tenant: string) => `${PREFIX}records:${tenant}`;

/** JSON; undefined for what is none. */
function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
