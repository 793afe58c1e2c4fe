import type { Webset } from "../../../src/sandbox/resources.ts";
import type { World } from "../../../src/sandbox/world.ts";
import { EXTERNAL_ID } from "./scenario.ts";

/** What was true of the Webset behind the externalId from a time on, until the next such moment. */
export interface Moment {
  /** `clock.now()`. */
  from: number;
  /** Undefined while there is none. */
  state: { id: string; status: string; searches: { id: string; status: string }[] } | undefined;
}

/** Keeps what is true of a world's Webset, moment by moment: whatever changes it makes an event, or is told by `note`. */
export class History {
  readonly #world: World;
  readonly #now: () => number;
  readonly #moments: Moment[] = [];

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
            searches: webset.searches.map(({ id, status }) => ({ id, status })),
          };
    const from = this.#now();
    // What lasts for no time at all, nobody can see.
    if (this.#moments.at(-1)?.from === from) this.#moments.pop();
    this.#moments.push({ from, state });
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
