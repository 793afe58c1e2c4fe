import type { Answer, CallOptions, ExaClient } from "../exa/client.ts";
import type { Webset } from "../exa/schemas.ts";
import { type LinkedAbort, linkAbort, orAbort, startTimeLimit } from "../shared/abort.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort, WebsetsError } from "../shared/errors.ts";
import { SharedCalls } from "../shared/shared-calls.ts";
import { plainText } from "../shared/text.ts";
import { EnrichmentTitles } from "./item-facts.ts";
import { AccountQueue } from "./queue.ts";

/** At most this many ids and externalIds are remembered, and this many characters of them. */
const REMEMBERED = { entries: 1_000, size: 2 ** 18, sizeOf: (id: string, text: string) => id.length + text.length };
/** What an externalId meant so shortly before counts where the API takes longer than this to say so again, both in milliseconds. */
const RECENT_MS = 60_000;
const PATIENCE_MS = 1_000;

/** Characters that are remembered of a Webset's title. */
const NAME_LENGTH = 60;

/** Looks for which nobody waits make one request in this time, in milliseconds, however many Websets are watched. */
const GAP_MS = 1_000;
/** Looks that come due together arrive one after another: the first waits this long for the others, in milliseconds. */
const GATHER_MS = 20;
/** As many as the API gives on one page. */
const PAGE = 100;
/** A Webset that is on none of the first pages, of which this many are read, is asked for by itself. */
const MOST_PAGES = 5;
/** At most this many such Websets are remembered, and this many characters of their ids. */
const OLD = { entries: 1_000, size: 2 ** 18, sizeOf: (_: true, websetId: string) => websetId.length };
/** A request that stalls must not hold up the others for longer, in milliseconds. */
const LIMIT_MS = 10_000;

type Looked = { answer: Answer<Webset> } | { error: unknown; askedAt: number };

/** Looks at Websets. Callers that ask for the same one at the same time share one request. */
export class WebsetStates {
  readonly queue: AccountQueue;
  readonly #exa: Pick<ExaClient, "getWebset" | "listWebsets">;
  readonly #clock: Clock;
  readonly #rounds: Rounds;
  readonly #calls = new SharedCalls<Looked>();
  /** With when the API said so, in `clock.now()`. */
  readonly #ids = new BoundedMap<string, { id: string; at: number }>({
    ...REMEMBERED,
    sizeOf: ({ id }, text) => id.length + text.length,
  });
  readonly #titles = new EnrichmentTitles();
  readonly #names = new BoundedMap<string, string>(REMEMBERED);
  /** Websets whose enrichments were asked for when the API did not know them. */
  readonly #gone = new BoundedMap<string, true>(OLD);

  constructor(exa: Pick<ExaClient, "getWebset" | "listWebsets" | "getTeam">, clock: Clock) {
    this.#exa = exa;
    this.#clock = clock;
    this.queue = new AccountQueue(exa, clock);
    this.#rounds = new Rounds(exa, clock);
  }

  /**
   * The Webset's state; rejects with what the client rejects with. `websetId` may be the caller's externalId.
   * @param askedAt a `clock.now()`: what the API said to somebody who asked before does not count.
   */
  async look(websetId: string, signal: AbortSignal, askedAt = Number.NEGATIVE_INFINITY): Promise<Answer<Webset>> {
    for (;;) {
      const looked = await this.#calls.join(websetId, signal, (shared) => this.#ask(websetId, shared, askedAt));
      if ("answer" in looked && looked.answer.sentAt >= askedAt) return looked.answer;
      if ("error" in looked && looked.askedAt >= askedAt) throw looked.error;
    }
  }

  /** The same for whoever has time: see `Rounds`. */
  lookInTurn(websetId: string, signal: AbortSignal, isUrgent = false): Promise<Answer<Webset>> {
    return this.#rounds.look(websetId, signal, isUrgent);
  }

  async #ask(websetId: string, signal: AbortSignal, askedAt: number): Promise<Looked> {
    try {
      const answer = await this.#exa.getWebset(websetId, { signal, group: "state" });
      this.#ids.set(websetId, { id: answer.value.id, at: this.#clock.now() });
      this.#titles.note(answer.value);
      this.noteName(answer.value);
      return { answer };
    } catch (error) {
      return { error, askedAt };
    }
  }

  /**
   * The id behind an id or externalId. An externalId is asked for each time, for another Webset may have it by now; where it is
   * that of none any more, it is taken as what it was before. Rejects with `not_found` for what never was one in this process.
   */
  async resolve(text: string, signal: AbortSignal): Promise<string> {
    const known = this.#ids.get(text);
    if (known?.id === text) return text;
    // Else a wait that is shorter than two answers would find out whose events to read, and read none, again and again.
    const isRecent = known !== undefined && this.#clock.now() - known.at < RECENT_MS;
    const limit = startTimeLimit(this.#clock, isRecent ? PATIENCE_MS : Number.POSITIVE_INFINITY, signal);
    try {
      return (await this.look(text, limit.signal)).value.id;
    } catch (error) {
      if (known !== undefined && (limit.expired || (error instanceof WebsetsError && error.kind === "not_found")))
        return known.id;
      throw error;
    } finally {
      limit.end();
    }
  }

  /**
   * What enrichments of a Webset are called, by their ids: as a state told it before, or as one tells now. Where no state can be had,
   * what is not known is left out; of a Webset that is deleted nobody asks for them again and again.
   */
  async titlesOf(
    websetId: string,
    enrichmentIds: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    if ([...enrichmentIds].some((id) => this.#titles.isOpen(id))) {
      try {
        await this.look(websetId, signal);
        for (const id of enrichmentIds) this.#titles.noteUnknown(id);
      } catch (error) {
        if (!(error instanceof WebsetsError)) throw error;
        if (error.kind === "not_found") {
          // One such answer may be an accident.
          if (this.#gone.has(websetId)) for (const id of enrichmentIds) this.#titles.noteUnknown(id);
          this.#gone.set(websetId, true);
        }
      }
    }
    return this.knownTitles(enrichmentIds);
  }

  /** Those of them that are remembered, in their Webset's order. */
  knownTitles(enrichmentIds: ReadonlySet<string>): ReadonlyMap<string, string> {
    return this.#titles.of(enrichmentIds);
  }

  /** Takes in what a Webset is called, where it has a title. */
  noteName({ id, title }: Pick<Webset, "id" | "title">): void {
    const name = plainText(title ?? "", NAME_LENGTH);
    if (name !== "") this.#names.set(id, name);
  }

  /** What a Webset is called, as far as it was told before: nobody is asked. */
  nameOf(websetId: string): string | undefined {
    return this.#names.get(websetId);
  }

  /** Whether this id or externalId was found before. */
  knows(text: string): boolean {
    return this.#ids.has(text);
  }
}

interface Asked {
  websetId: string;
  isUrgent: boolean;
  /** Whether the list does not tell of it. */
  isMissed: boolean;
  resolve(answer: Answer<Webset>): void;
  reject(error: unknown): void;
}

/** Looks at Websets in the background: one request after another, and all who ask meanwhile share pages of the list. */
export class Rounds {
  readonly #exa: Pick<ExaClient, "getWebset" | "listWebsets">;
  readonly #clock: Clock;
  readonly #asked = new Set<Asked>();
  /** Websets that were on none of the pages. */
  readonly #old = new BoundedMap<string, true>(OLD);
  #lastAt = Number.NEGATIVE_INFINITY;
  #running: LinkedAbort | undefined;
  #pause: LinkedAbort | undefined;

  constructor(exa: Pick<ExaClient, "getWebset" | "listWebsets">, clock: Clock) {
    this.#exa = exa;
    this.#clock = clock;
  }

  /**
   * The Webset's state as of now or later; rejects with what the client rejects with. `websetId` may be an externalId. What is
   * urgent does not wait for the second to pass, but for what is under way.
   */
  async look(websetId: string, signal: AbortSignal, isUrgent = false): Promise<Answer<Webset>> {
    const asked: Asked = { websetId, isUrgent, isMissed: false, resolve: () => {}, reject: () => {} };
    const answer = new Promise<Answer<Webset>>((resolve, reject) => Object.assign(asked, { resolve, reject }));
    this.#asked.add(asked);
    if (isUrgent) this.#pause?.abort();
    if (this.#running === undefined) void this.#run();
    try {
      return await orAbort(answer, signal);
    } finally {
      this.#asked.delete(asked);
      if (this.#asked.size === 0) this.#running?.abort();
    }
  }

  async #run(): Promise<void> {
    const running = linkAbort();
    this.#running = running;
    try {
      while (this.#asked.size > 0) {
        await this.#turn(running.signal, this.#clock.now() + GATHER_MS);
        for (const one of this.#asked) one.isMissed ||= this.#old.has(one.websetId);
        const listed = [...this.#asked].filter(({ isMissed }) => !isMissed);
        if (listed.length > 1) await this.#walk(new Set(listed), running.signal);
        const alone = [...this.#asked].find(({ isMissed }) => isMissed || listed.length === 1);
        if (alone !== undefined) await this.#askFor(alone, running.signal);
      }
    } catch (error) {
      // It is ended when nobody asks any more; whoever asks in this very moment begins anew.
      if (!running.signal.aborted) for (const { reject } of this.#asked) reject(error);
    } finally {
      this.#running = undefined;
      if (running.signal.aborted && this.#asked.size > 0) void this.#run();
    }
  }

  /** Reads pages until all are found, or `MOST_PAGES` were read. */
  async #walk(sought: Set<Asked>, signal: AbortSignal): Promise<void> {
    let query: Parameters<ExaClient["listWebsets"]>[0] = { limit: PAGE };
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const answer = await this.#ask(signal, (options) => this.#exa.listWebsets(query, options));
      if (answer instanceof WebsetsError) {
        for (const one of sought) one.isMissed = true;
        return;
      }
      const { data, nextCursor } = answer.value;
      const found = new Map(data.flatMap((webset) => [webset.externalId, webset.id].map((name) => [name, webset])));
      for (const one of sought) {
        const webset = found.get(one.websetId);
        if (webset === undefined) continue;
        sought.delete(one);
        this.#settle(one, { ...answer, value: webset });
      }
      for (const one of sought) if (!this.#asked.has(one)) sought.delete(one);
      if (sought.size === 0) return;
      if (nextCursor === null) break;
      query = { limit: PAGE, cursor: nextCursor };
    }
    for (const { websetId } of sought) this.#old.set(websetId, true);
  }

  async #askFor(one: Asked, signal: AbortSignal): Promise<void> {
    this.#settle(one, await this.#ask(signal, (options) => this.#exa.getWebset(one.websetId, options)));
  }

  #settle(one: Asked, answer: Answer<Webset> | WebsetsError): void {
    this.#asked.delete(one);
    if (answer instanceof WebsetsError) one.reject(answer);
    else one.resolve(answer);
  }

  /** Asks when it is time to, and tells of errors as values. */
  async #ask<T>(signal: AbortSignal, question: (options: CallOptions) => Promise<T>): Promise<T | WebsetsError> {
    await this.#turn(signal);
    this.#lastAt = this.#clock.now();
    const deadline = this.#clock.now() + LIMIT_MS;
    try {
      return await question({ signal, background: true, attempts: 1, deadline });
    } catch (error) {
      if (error instanceof WebsetsError) return error;
      throw error;
    }
  }

  /** Waits until the next request may be sent, and not before `at` (`clock.now()`), but no longer than something is urgent. */
  async #turn(signal: AbortSignal, at = 0): Promise<void> {
    for (;;) {
      const isUrgent = [...this.#asked].some((one) => one.isUrgent);
      const ms = isUrgent ? 0 : Math.max(at, this.#lastAt + GAP_MS) - this.#clock.now();
      if (ms <= 0) return;
      const pause = linkAbort(signal);
      this.#pause = pause;
      try {
        await this.#clock.sleep(ms, pause.signal);
      } catch (error) {
        if (!isAbort(error) || signal.aborted) throw error;
      } finally {
        pause.end();
      }
    }
  }
}
