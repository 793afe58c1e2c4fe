import type { SandboxEvent, Webset, WebsetItem } from "../../../src/sandbox/resources.ts";
import type { World } from "../../../src/sandbox/world.ts";
import type { Spoil } from "../feed-world.ts";
import type { Deed, Story } from "./scenario.ts";

interface Kept<T> {
  at: number;
  value: T;
}

/** What was true of an item, from its first event on. */
export interface ItemStory {
  websetId: string;
  /** Each change: how many values it has, and whether all that its Webset wants then are done. */
  changes: { at: number; values: number; isReady: boolean }[];
  states: Kept<WebsetItem>[];
}

/** What was true of a Webset. */
export interface WebsetStory {
  states: Kept<Webset>[];
  /** When enrichments were added after its creation. */
  addedAt: number[];
  deletedAt: number;
}

const QUERY = "Robot makers in Europe";
const ENTITY = { type: "company" } as const;
const ITEM = /^\/websets\/v0\/websets\/([^/]+)(?:\/items\/([^/]+))?$/;

/** The account of a story: what happens in it, how the API tells of it, and the record of what was true. Times are milliseconds since 1970. */
export class Account {
  readonly websets = new Map<string, WebsetStory>();
  readonly items = new Map<string, ItemStory>();
  readonly #world: World;
  readonly #story: Story;
  readonly #now: () => number;
  readonly #roll: () => number;
  readonly #live = new Map<string, WebsetItem>();
  /** Events that tell of what is, whenever they are read. */
  readonly #ahead: { event: { data: unknown }; itemId: string }[] = [];
  #monitorId: string | undefined;

  constructor(world: World, story: Story, now: () => number, roll: () => number) {
    this.#world = world;
    this.#story = story;
    this.#now = now;
    this.#roll = roll;
    const record = world.record.bind(world);
    Object.assign(world, {
      record: (...[type, data, options]: Parameters<World["record"]>): SandboxEvent => {
        const isItem = type === "webset.item.created" || type === "webset.item.enriched";
        if (isItem) this.#live.set((data as WebsetItem).id, data as WebsetItem);
        const before = isItem ? this.items.get((data as WebsetItem).id)?.states.at(-1)?.value : undefined;
        this.note();
        if (!isItem) return record(type, data, options);
        const { stale, ahead, again } = story.odd;
        const given = before !== undefined && roll() < stale ? before : data;
        const event = record(type, given, options);
        if (roll() < ahead) this.#ahead.push({ event, itemId: (data as WebsetItem).id });
        if (roll() < again) world.later(roll() * 4_000 * 4, () => record(type, roll() < 0.5 ? given : event.data));
        return event;
      },
    });
    for (const [number, { count, enrichments }] of story.websets.entries()) {
      world.createWebset({
        externalId: `mine-${number}`,
        search: { query: QUERY, count },
        enrichments: Array.from({ length: enrichments }, (_, n) => ({ description: `Fact ${n}` })),
      });
    }
    this.note();
  }

  /** The id of the Webset of that number. */
  idOf(number: number): string {
    return [...this.websets.keys()][number % this.#story.websets.length] as string;
  }

  act({ act, webset, which }: Deed): void {
    const world = this.#world;
    const id = this.idOf(webset);
    if (act === "import" || act === "failed import") {
      const { id: importId } = world.imports.create({ format: "csv", size: 10, count: 2, entity: ENTITY });
      if (act === "failed import") world.imports.fail(importId, "invalid_format");
    }
    if (world.hasWebset(id)) {
      const { enrichments, searches } = world.getWebset(id);
      const enrichment = enrichments[which];
      const search = searches[which];
      if (act === "search") world.createSearch(id, { query: QUERY, count: 1 + which, behavior: "append" });
      if (act === "enrich") world.createEnrichment(id, { description: `Late fact ${which}` });
      if (act === "cancel enrichment" && enrichment !== undefined) world.cancelEnrichment(id, enrichment.id);
      if (act === "cancel search" && search !== undefined) world.cancelSearch(id, search.id);
      if (act === "cancel webset") world.cancelWebset(id);
      if (act === "pause") world.pauseWebset(id);
      if (act === "resume") world.resumeWebset(id);
      if (act === "delete") world.deleteWebset(id);
      if (act === "failed run") this.#runMonitor(id);
    }
    this.note();
  }

  /** Takes down what is true now. */
  note(): void {
    const at = this.#now();
    for (const { id, webset } of this.#world.listWebsets({ order: "oldest-first" })) {
      if (!this.websets.has(id) && this.websets.size >= this.#story.websets.length) continue;
      const known = this.websets.get(id) ?? { states: [], addedAt: [], deletedAt: Number.POSITIVE_INFINITY };
      this.websets.set(id, known);
      const before = known.states.at(-1)?.value.enrichments.length ?? webset.enrichments.length;
      for (let number = before; number < webset.enrichments.length; number++) known.addedAt.push(at);
      known.states.push({ at, value: webset });
    }
    for (const [id, webset] of this.websets) {
      if (!this.#world.hasWebset(id)) webset.deletedAt = Math.min(webset.deletedAt, at);
    }
    for (const [id, item] of this.#live) this.#noteItem(id, item, at);
    for (const { event, itemId } of this.#ahead) event.data = this.items.get(itemId)?.states.at(-1)?.value;
  }

  #noteItem(id: string, item: WebsetItem, at: number): void {
    const known = this.items.get(id) ?? { websetId: item.websetId, changes: [], states: [] };
    this.items.set(id, known);
    const webset = this.websets.get(item.websetId)?.states.at(-1)?.value;
    const isDone = (enrichmentId: string) =>
      item.enrichments.some((one) => one.enrichmentId === enrichmentId && one.status !== "pending");
    const isReady = webset?.enrichments.every((one) => one.status === "canceled" || isDone(one.id)) ?? false;
    const values = item.enrichments.filter(({ status }) => status === "completed").length;
    const last = known.changes.at(-1);
    if (last?.isReady !== isReady || last.values !== values) known.changes.push({ at, values, isReady });
    const state = known.states.at(-1)?.value;
    const hasChanged =
      state === undefined ||
      state.enrichments.length !== item.enrichments.length ||
      item.enrichments.some(({ status }, index) => status !== state.enrichments[index]?.status);
    if (hasChanged) known.states.push({ at, value: structuredClone(item) });
  }

  /** Answers for states as they were a while ago, in place of what they are. */
  get lag(): Spoil {
    const { lagMs } = this.#story.upstream;
    return async ({ url }, next) => {
      const answer = await next();
      const [, websetId, itemId] = ITEM.exec(decodeURIComponent(url.pathname)) ?? [];
      if (lagMs === 0 || websetId === undefined || answer.status !== 200) return answer;
      const own = [...this.websets].find(([id, { states }]) => [id, states[0]?.value.externalId].includes(websetId));
      const states: Kept<unknown>[] = (itemId === undefined ? own?.[1].states : this.items.get(itemId)?.states) ?? [];
      const then = states.findLast(({ at }) => at <= this.#now() - lagMs) ?? states[0];
      // Some other fault has been here already.
      const isWhole = answer.body.includes('"object"');
      return then === undefined || !isWhole ? answer : { ...answer, body: JSON.stringify(then.value) };
    };
  }

  #runMonitor(websetId: string): void {
    if (this.#monitorId !== undefined) return;
    this.#monitorId = this.#world.monitors.create({
      websetId,
      cadence: { cron: "0 9 * * *", timezone: "Etc/UTC" },
      behavior: { type: "search", config: { count: 1, behavior: "append" } },
    }).id;
    this.#world.monitors.trigger(this.#monitorId, this.#roll() < 0.5 ? "failed" : "canceled");
  }
}
