import type { Webset } from "../../../src/sandbox/resources.ts";
import type { World } from "../../../src/sandbox/world.ts";
import { EXTERNAL_ID } from "./scenario.ts";

/** What was true of the Webset behind the externalId from a time on, until the next such moment. */
export interface Moment {
  /** `clock.now()`. */
  from: number;
  /** Undefined while there is none. */
  state: { id: string; status: string; searches: { id: string; status: string; found: number }[] } | undefined;
  /** The same with all that the API tells of it. */
  webset: Webset | undefined;
}

/** A look at the state that the API has answered. */
interface Served {
  /** `clock.now()`. */
  at: number;
  moment: Moment;
}

const BEFORE_ALL: Moment = { from: Number.NEGATIVE_INFINITY, state: undefined, webset: undefined };

/** Keeps what is true of a world's Webset, moment by moment: whatever changes it makes an event, or is told by `note`. */
export class History {
  readonly #world: World;
  readonly #now: () => number;
  readonly #moments: Moment[] = [BEFORE_ALL];
  readonly #served: Served[] = [];

  constructor(world: World, now: () => number) {
    this.#world = world;
    this.#now = now;
    const record = world.record.bind(world);
    // Life tells the world of every change through this one door.
    Object.assign(world, {
      record: (...args: Parameters<World["record"]>) => {
        const event = record(...args);
        this.note();
        return event;
      },
    });
  }

  note(): void {
    const webset = this.#find();
    const state =
      webset === undefined
        ? undefined
        : {
            id: webset.id,
            status: webset.status,
            searches: webset.searches.map(({ id, status, progress: { found } }) => ({ id, status, found })),
          };
    const from = this.#now();
    // What lasts for no time at all, nobody can see.
    if (this.#moments.at(-1)?.from === from) this.#moments.pop();
    this.#moments.push({ from, state, webset });
  }

  /** What was true at a time, for the API to tell now. */
  serve(time: number): Moment {
    const moment = this.#moments.findLast(({ from }) => from <= time) ?? BEFORE_ALL;
    this.#served.push({ at: this.#now(), moment });
    return moment;
  }

  /** The moments that the API told of between two times, both included. */
  servedBetween(begin: number, end: number): Moment[] {
    return this.#served.filter(({ at }) => at >= begin && at <= end).map(({ moment }) => moment);
  }

  /** Whether a Webset had the externalId and this id at any time. */
  knows(id: string): boolean {
    return this.#moments.some(({ state }) => state?.id === id);
  }

  /** The moments of which some part lies between two times, both included. */
  between(begin: number, end: number): Moment[] {
    return this.#moments.filter(
      ({ from }, index) => from <= end && (this.#moments[index + 1]?.from ?? Number.POSITIVE_INFINITY) >= begin,
    );
  }

  #find(): Webset | undefined {
    try {
      return this.#world.getWebset(EXTERNAL_ID);
    } catch {
      return undefined;
    }
  }
}
