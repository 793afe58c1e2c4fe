import type { ServerResponse } from "node:http";
import { keyOf, type SdkId } from "../messages/message-id.ts";
import { type SubscriptionDeps, Subscriptions } from "../resources/subscriptions.ts";
import type { State } from "../state/state.ts";
import { ALIVE, frameOf, KEEP_ALIVE_MS, openStream, tell } from "./answer.ts";

/** For how long somebody who has subscribed may have no stream open that updates go to, in milliseconds. */
const UNHEARD_MS = 60_000;

export interface SessionsOptions {
  deps: SubscriptionDeps;
  /** Says the same of a text on every instance, and nothing that can be guessed. */
  nameOf(text: string): string;
  /** Reaches whoever waits for a name on other instances. */
  pokes?: Pick<State, "poke" | "onPoke"> | undefined;
}

/**
 * The sessions of 2025-era clients, as far as something on this instance hangs on them: requests under way, subscriptions, and the
 * stream that their updates go to. Nobody stores them: an id is what the client was told once, and any instance takes any.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, Session>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Whether there are any. */
  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }

  /** How many Websets are watched for them all. */
  get watched(): number {
    return [...this.#sessions.values()].reduce((sum, { watched }) => sum + watched, 0);
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** The session of this id; made where nothing hangs on it yet. */
  of(id: string): Session {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const session = new Session(this.#options, () => this.#sessions.delete(id));
    this.#sessions.set(id, session);
    return session;
  }

  /** Cancels a request, wherever it is being answered. */
  cancel(id: string, requestId: SdkId): void {
    if (this.#sessions.get(id)?.cancel(requestId)) return;
    const { pokes } = this.#options;
    // A cancel that does not arrive costs a wait that nobody reads.
    pokes?.poke(this.#callName(id, requestId)).catch(() => {});
  }

  /** Calls back when a request is cancelled, on whichever instance, until the returned function is called. */
  onCancel(id: string, requestId: SdkId, action: () => void): () => void {
    const { pokes } = this.#options;
    const local = this.of(id).begin(requestId, action);
    const remote = pokes?.onPoke(this.#callName(id, requestId), action);
    return () => {
      local();
      remote?.();
    };
  }

  /** Of one length, whatever ids a client writes. */
  #callName(id: string, requestId: SdkId): string {
    return `cancel ${this.#options.nameOf(`${id} ${keyOf(requestId)}`)}`;
  }

  /** Ends the streams of updates; clients open theirs again elsewhere. */
  endStreams(): void {
    for (const session of [...this.#sessions.values()]) session.endStream();
  }

  /** Ends everything. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.close();
  }
}

/** One client of the 2025 era on this instance. */
class Session {
  readonly #deps: SubscriptionDeps;
  readonly #onIdle: () => void;
  readonly #calls = new Map<string, Set<() => void>>();
  #subscriptions: Subscriptions | undefined;
  #stream: ServerResponse | undefined;
  #unheard: AbortController | undefined;

  constructor({ deps }: SessionsOptions, onIdle: () => void) {
    this.#deps = deps;
    this.#onIdle = onIdle;
  }

  get watched(): number {
    return this.#subscriptions?.size ?? 0;
  }

  /** What it is subscribed to, if it ever was to anything. */
  get subscriptions(): Subscriptions | undefined {
    return this.#subscriptions;
  }

  /** Makes it one that can be subscribed: updates go to its stream. */
  beginSubscriptions(): void {
    if (this.#subscriptions !== undefined) return;
    this.#subscriptions = new Subscriptions(this.#deps);
    this.#subscriptions.notify = (uri) => {
      const update = { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri } };
      if (this.#stream !== undefined) tell(this.#stream, frameOf(JSON.stringify(update)));
    };
    this.#endUnlessHeard();
  }

  /** Notes a request under way, with what cancels it; what it returns says that the request is over. */
  begin(requestId: SdkId, cancel: () => void): () => void {
    const key = keyOf(requestId);
    const calls = this.#calls.get(key) ?? new Set();
    this.#calls.set(key, calls.add(cancel));
    return () => {
      calls.delete(cancel);
      if (calls.size === 0 && this.#calls.get(key) === calls) this.#calls.delete(key);
      this.#drop();
    };
  }

  /** Cancels a request under way; false where there is none of this id. */
  cancel(requestId: SdkId): boolean {
    const calls = this.#calls.get(keyOf(requestId));
    for (const cancel of [...(calls ?? [])]) cancel();
    return calls !== undefined;
  }

  /** Makes a response the stream that updates go to, in the place of an older one. */
  listen(res: ServerResponse): void {
    this.#stream?.end();
    this.#stream = res;
    this.#unheard?.abort();
    openStream(res);
    const alive = setInterval(() => tell(res, ALIVE), KEEP_ALIVE_MS);
    res.once("close", () => {
      clearInterval(alive);
      if (this.#stream !== res) return;
      this.#stream = undefined;
      if (this.#subscriptions === undefined) this.#drop();
      else this.#endUnlessHeard();
    });
  }

  /** Ends everything that hangs on it. */
  close(): void {
    for (const calls of [...this.#calls.values()]) for (const cancel of [...calls]) cancel();
    this.#endSubscriptions();
    this.endStream();
    this.#drop();
  }

  endStream(): void {
    this.#stream?.end();
  }

  #endUnlessHeard(): void {
    if (this.#stream !== undefined) return;
    this.#unheard?.abort();
    const unheard = new AbortController();
    this.#unheard = unheard;
    this.#deps.clock.sleep(UNHEARD_MS, unheard.signal).then(
      () => {
        this.#endSubscriptions();
        this.#drop();
      },
      () => {},
    );
  }

  #endSubscriptions(): void {
    this.#unheard?.abort();
    this.#subscriptions?.close();
    this.#subscriptions = undefined;
  }

  #drop(): void {
    if (this.#calls.size === 0 && this.#stream === undefined && this.#subscriptions === undefined) this.#onIdle();
  }
}
