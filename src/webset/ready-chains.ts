import { setMaxListeners } from "node:events";
import type { ExaClient } from "../exa/client.ts";
import { parseItem, type WebsetItem } from "../exa/schemas.ts";
import type { Sifted } from "../feed/collect.ts";
import type { FeedEvent } from "../feed/event.ts";
import type { Feed } from "../feed/feed.ts";
import { type Ago, isDealtWith, LATE_MS, type Position, positionAt, watermarkAt } from "../feed/position.ts";
import { linkAbort, orAbort, startTimeLimit } from "../shared/abort.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort, isAboutQuestion, isTransient } from "../shared/errors.ts";
import { type ItemEvent, ReadyChain, type Required, type Settled, type Track, valuesOf } from "./items-ready.ts";
import { timeOf } from "./progress.ts";
import { ITEMS } from "./ready-filter.ts";
import type { WebsetStates } from "./states.ts";

/** At most this many chains are remembered, and this many items in all of them, about 420 bytes each; a chain that is forgotten begins anew. */
const CHAINS = { entries: 200, size: 30_000, sizeOf: (chain: ReadyChain) => chain.size + 1 };
const MOST_WEBSETS = 1_000;
/** What enrichments a Webset has is asked again after this long, in milliseconds, and sooner where an item shows one that is not known. */
const FRESH_MS = 15_000;
const UNKNOWN_MS = 2_000;
/** At most this many items are read at once; the others with the next look at the events. */
const READ_AT_ONCE = 10;
/** Reading items, or what enrichments their Websets have, must not hold up the events for longer, in milliseconds. */
const READ_LIMIT_MS = 5_000;

interface Known {
  required: Required;
  /** `clock.now()`. */
  lookedAt: number;
}

export interface ReadyDeps {
  exa: Pick<ExaClient, "getItem">;
  states: WebsetStates;
  clock: Clock;
  feed: Pick<Feed, "upstreamClock">;
}

/** What this process remembers of waits for items that are ready. Cursors name the chain of waits that they belong to. */
export class ReadyChains {
  readonly #deps: ReadyDeps;
  readonly #chains = new BoundedMap<number, ReadyChain>(CHAINS);
  readonly #websets = new BoundedMap<string, Known>({ entries: MOST_WEBSETS });

  constructor(deps: ReadyDeps) {
    this.#deps = deps;
  }

  /**
   * Begins a wait. One that goes on in a chain this process knows nothing of reads the events again that tell of unfinished items.
   * @param accepts which of the other events are handed out.
   */
  begin(after: Position | Ago | undefined, accepts: (event: FeedEvent) => boolean): ReadyWait {
    const mark = after !== undefined && "since" in after ? after.chain : undefined;
    const known = mark && this.#chains.get(mark.id);
    const id = known === undefined ? (crypto.getRandomValues(new Uint32Array(1))[0] as number) : (mark?.id as number);
    const chain = known ?? new ReadyChain();
    let from = after;
    if (mark !== undefined && after !== undefined && "since" in after) {
      if (known !== undefined) known.goBackTo(mark.call, (event) => isDealtWith(after, event));
      else if (mark.openSince !== undefined) from = positionAt(Math.min(mark.openSince, after.since));
    }
    // Told again to be kept, for it is in use.
    this.#chains.set(id, chain);
    return new ReadyWait({ ...this.#deps, from, accepts, id, chain, websets: this.#websets, chains: this.#chains });
  }
}

interface WaitOptions extends ReadyDeps {
  from: Position | Ago | undefined;
  accepts: (event: FeedEvent) => boolean;
  id: number;
  chain: ReadyChain;
  chains: BoundedMap<number, ReadyChain>;
  websets: BoundedMap<string, Known>;
}

/** An item that is being read since a moment at which it was due. */
interface Reading {
  track: Track;
  event: ItemEvent;
  settled: Settled;
  done: Promise<void>;
  /** What came of it: not there, or `unseen` where its Webset could not be looked at. */
  found: { item: WebsetItem | undefined } | "failed" | "unseen" | undefined;
}

/** One wait for items that are ready. */
class ReadyWait {
  readonly #options: WaitOptions;
  /** What stands for an item that is ready, and what the item is. */
  readonly #entries = new Map<FeedEvent, WebsetItem>();
  /** With how many values each item was found last, the most so far, and what stands for it. */
  readonly #found = new Map<string, { values: number; entry: FeedEvent }>();
  /** Items that are being read, by their ids. */
  readonly #readings = new Map<string, Reading>();
  /** Websets whose state could not be had when it was asked for last. */
  readonly #unseen = new Set<string>();
  #givenUp = 0;
  #requests: { of: AbortSignal; signal: AbortSignal } | undefined;

  constructor(options: WaitOptions) {
    this.#options = options;
  }

  get from(): Position | Ago | undefined {
    return this.#options.from;
  }

  /** Makes of events what is handed out, for `collectEvents`: see there. */
  async sift(
    events: readonly FeedEvent[],
    { isCaughtUp, websetId, ...within }: { isCaughtUp: boolean; websetId: string | undefined; signal: AbortSignal },
  ): Promise<Sifted> {
    const { chain, accepts, clock } = this.#options;
    const signal = this.#forRequests(within.signal);
    const items = new Map<FeedEvent, WebsetItem>();
    for (const event of events) {
      const item = itemIn(event);
      if (item !== undefined) items.set(event, item);
    }
    await this.#learn(items, signal);
    const hidden: FeedEvent[] = [];
    for (const event of events) {
      const item = items.get(event);
      if (event.owner.kind === "webset") {
        const { websetId } = event.owner;
        if (event.type === "webset.idle") chain.noteIdle(websetId, { time: event.time, metAt: clock.now() });
        if (event.type === "webset.deleted") chain.noteDeleted(websetId);
        if (item !== undefined) {
          const { data: _, ...told } = event;
          const met = { ...told, metAt: clock.now() };
          if (chain.meet(met, item, websetId, this.#requiredOf(websetId), this.#found.get(item.id)?.values)) {
            this.#find(event, item, hidden);
          } else hidden.push(event);
          continue;
        }
      }
      // What tells of an item without saying of which one is handed out as it is.
      if (!event.type.startsWith(ITEMS) && !accepts(event)) hidden.push(event);
    }
    const more: FeedEvent[] = [];
    const owes = isCaughtUp && (await this.#readDue(more, hidden, websetId, signal));
    return { hidden, more, owes };
  }

  /** What could not be kept in mind. */
  get note(): string | undefined {
    const { forgot } = this.#options.chain;
    const notes = [
      forgot && "So many items are unfinished that some were forgotten: list_webset_items tells of all",
      this.#givenUp > 0 &&
        `${this.#givenUp} items could not be read for minutes and are waited for no longer: list_webset_items tells of all`,
    ].filter((note) => typeof note === "string");
    return notes.length === 0 ? undefined : notes.join(". ");
  }

  /** Whether an event stands for an item that is ready. */
  isReady(event: FeedEvent): boolean {
    return this.#entries.has(event);
  }

  /** Notes what is handed out, and gives the position its place in the chain. */
  tell(handedOut: readonly FeedEvent[], position: Position): Position {
    const { chain, chains, id } = this.#options;
    const items = handedOut.flatMap((event) => {
      const item = this.#entries.get(event);
      return item === undefined ? [] : [{ itemId: item.id, eventId: event.id, values: valuesOf(item) }];
    });
    chain.tell(items);
    chains.set(id, chain);
    return this.mark(position);
  }

  /** The position with its place in the chain, as if nothing of what was found were handed out. */
  mark(position: Position): Position {
    const { chain, id } = this.#options;
    const { calls: call, openSince } = chain;
    return { ...position, chain: { id, call, ...(openSince === undefined ? {} : { openSince }) } };
  }

  /** Notes what stands for an item, in place of what was to stand for it with fewer values. */
  #find(event: FeedEvent, item: WebsetItem, hidden: FeedEvent[]): void {
    const before = this.#found.get(item.id)?.entry;
    if (before !== undefined) {
      this.#entries.delete(before);
      hidden.push(before);
    }
    this.#entries.set(event, item);
    this.#found.set(item.id, { values: valuesOf(item), entry: event });
  }

  /** Begins at once with what an earlier wait had no time for; the signal is that of the whole wait. */
  start(within: AbortSignal): void {
    const { chain } = this.#options;
    const signal = this.#forRequests(within);
    for (const id of chain.unknown) this.#look(id, signal).catch(() => {});
    if (chain.isSlow) this.#beginReading(undefined, signal);
  }

  /** Reads items whose events leave them unfinished; returns whether some are left to read. */
  async #readDue(
    more: FeedEvent[],
    hidden: FeedEvent[],
    websetId: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { chain, clock } = this.#options;
    const due = this.#beginReading(websetId, signal);
    const begun = [...this.#readings.values()];
    chain.isSlow = begun.length > 0;
    await this.#soon(
      begun.map(({ done }) => done),
      signal,
    );
    const read = new Set<Track>();
    for (const { track, event, settled, found } of begun) {
      if (found === undefined) continue;
      this.#readings.delete(track.itemId);
      if (track.event.id !== event.id) continue;
      if (found === "failed" && chain.noteFailure(track, clock.now())) this.#givenUp++;
      if (typeof found === "string") continue;
      read.add(track);
      const { item } = found;
      const required = this.#requiredOf(track.websetId);
      if (!chain.read(track, item, required, settled, this.#found.get(track.itemId)?.values) || item === undefined)
        continue;
      const { metAt: _, ...told } = event;
      const entry = { ...told, data: item };
      more.push(entry);
      this.#find(entry, item, hidden);
    }
    chain.isSlow = this.#readings.size > 0;
    return due.some((track) => track.isOpen && !read.has(track));
  }

  /** Begins to read items that are due, some at a time; returns all that are. */
  #beginReading(websetId: string | undefined, signal: AbortSignal): Track[] {
    const { chain, clock, feed } = this.#options;
    const created = watermarkAt(feed.upstreamClock.reached() ?? clock.wallTime());
    const settled = { created, met: clock.now() - LATE_MS };
    const due = chain
      .due(settled)
      .filter((track) => (websetId === undefined || track.websetId === websetId) && !this.#found.has(track.itemId));
    for (const track of due) {
      if (this.#readings.size >= READ_AT_ONCE) break;
      if (this.#readings.has(track.itemId)) continue;
      const reading: Reading = { track, event: track.event, settled, done: Promise.resolve(), found: undefined };
      reading.done = this.#read(track, signal).then((found) => {
        reading.found = found;
      });
      // Whoever waits for it next hears of it.
      reading.done.catch(() => {});
      this.#readings.set(track.itemId, reading);
    }
    return due;
  }

  /** Reads an item, and what enrichments its Webset has: both at once, for a wait may be too short for one after the other. */
  async #read({ websetId, itemId, event }: Track, signal: AbortSignal): Promise<Reading["found"]> {
    const { clock, exa, websets } = this.#options;
    const readAt = clock.now();
    const isKnown = () => (websets.get(websetId)?.lookedAt ?? Number.NEGATIVE_INFINITY) >= readAt;
    // Enrichments may have been canceled since, of which no event tells; for some items this is the last reading.
    const looking = this.#look(websetId, signal, readAt);
    if (this.#unseen.has(websetId)) await looking;
    if (this.#unseen.has(websetId)) return "unseen";
    const asking = exa.getItem(websetId, itemId, { signal, attempts: 2, group: "items" });
    const [answer] = await Promise.all([asking.catch((error: unknown) => ({ error })), looking]);
    if (!isKnown()) return "unseen";
    if ("error" in answer) {
      if (isTransient(answer.error)) return "failed";
      if (!isAboutQuestion(answer.error)) throw answer.error;
      return { item: undefined };
    }
    await this.#learn(new Map([[{ ...event, data: undefined }, answer.value]]), signal);
    return { item: answer.value };
  }

  /** The wait's signal, for many requests at a time: each listens to it. */
  #forRequests(of: AbortSignal): AbortSignal {
    if (this.#requests?.of !== of) {
      const { signal } = linkAbort(of);
      setMaxListeners(0, signal);
      this.#requests = { of, signal };
    }
    return this.#requests.signal;
  }

  #requiredOf(websetId: string): Required | undefined {
    return this.#options.websets.get(websetId)?.required;
  }

  /** Finds out what enrichments the Webset of each item has, where that is not known well enough. */
  async #learn(items: ReadonlyMap<FeedEvent, WebsetItem>, signal: AbortSignal): Promise<void> {
    const { websets, clock, chain } = this.#options;
    const ids = new Set<string>();
    for (const [{ owner }, { enrichments }] of items) {
      if (owner.kind !== "webset") continue;
      const known = websets.get(owner.websetId);
      const knowsAll = enrichments.every(({ enrichmentId }) => known?.required.has(enrichmentId));
      const freshMs = knowsAll ? FRESH_MS : UNKNOWN_MS;
      if (known === undefined || clock.now() - known.lookedAt >= freshMs) ids.add(owner.websetId);
    }
    const looks = [...ids].map((id) => this.#look(id, signal));
    for (const id of [...ids].slice(0, READ_AT_ONCE)) chain.unknown.add(id);
    await this.#soon(looks, signal);
  }

  /** Waits for requests, but not for long: what takes longer goes on beside the events, until the wait ends. */
  async #soon(work: Promise<void>[], signal: AbortSignal): Promise<void> {
    const limit = startTimeLimit(this.#options.clock, READ_LIMIT_MS, signal);
    try {
      await orAbort(Promise.all(work), limit.signal);
    } catch (error) {
      if (!(isAbort(error) && limit.expired)) throw error;
    } finally {
      limit.end();
    }
  }

  async #look(websetId: string, signal: AbortSignal, askedAt?: number): Promise<void> {
    const { websets, states, chain, clock } = this.#options;
    const known = websets.get(websetId);
    try {
      const { value, sentAt } = await states.look(websetId, signal, askedAt);
      this.#unseen.delete(websetId);
      chain.unknown.delete(websetId);
      websets.set(websetId, {
        required: new Map(value.enrichments.map(({ id, status }) => [id, status])),
        lookedAt: sentAt,
      });
      if (value.status === "idle") chain.noteIdle(websetId, { time: timeOf(value.updatedAt), metAt: sentAt });
    } catch (error) {
      if (isTransient(error)) this.#unseen.add(websetId);
      else if (isAboutQuestion(error)) {
        // It is deleted: what its items show is all there is to know.
        chain.unknown.delete(websetId);
        websets.set(websetId, { required: known?.required ?? new Map(), lookedAt: clock.now() });
      } else throw error;
    }
  }
}

/** The item that an event tells of. */
function itemIn({ type, owner, data }: FeedEvent): WebsetItem | undefined {
  if (!type.startsWith(ITEMS) || owner.kind !== "webset") return undefined;
  try {
    return parseItem(data);
  } catch {
    return undefined;
  }
}
