import type { Conditions } from "../message.ts";
import type { Random } from "../random.ts";
import { connectionFaults } from "./connection-faults.ts";
import { contentFaults, walkFaults } from "./content-faults.ts";
import type { Fault, FaultRequest } from "./fault.ts";
import { statusFaults } from "./status-faults.ts";
import { worldFaults } from "./world-faults.ts";

const ALL = { ...statusFaults, ...connectionFaults, ...contentFaults, ...walkFaults, ...worldFaults };

export type FaultName = keyof typeof ALL;

const NAMES = Object.keys(ALL) as FaultName[];

/** Every fault, in the order in which help shows them. */
export const FAULTS: readonly { name: FaultName; description: string }[] = NAMES.map((name) => ({
  name,
  description: ALL[name].description,
}));

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(ALL, name);
}

function faultNamed(name: FaultName): Fault {
  return ALL[name];
}

/** One fault, and when it strikes; without any limit, whenever it can. */
export interface FaultRule {
  name: FaultName;
  /** Only requests for which this is true; the others are not counted. */
  when?: (request: FaultRequest) => boolean;
  /** Not before the nth request that it could strike, counted from 1. With `times: 1`, only that one. */
  from?: number;
  /** At most this many times. */
  times?: number;
  /** The chance, from 0 to 1, with which it strikes a request that it could strike. */
  rate?: number;
}

/** A rule at work: it counts, and throws its dice. */
export class ActiveRule {
  readonly name: FaultName;
  readonly fault: Fault;
  readonly random: Random;
  readonly #rule: FaultRule;
  #met = 0;
  #happened = 0;

  /** `RangeError` for a rule that could not do what it says. */
  constructor(rule: FaultRule, random: Random) {
    const { name, when, from, times, rate } = rule;
    this.fault = faultNamed(name);
    if (this.fault === undefined) throw new RangeError(`there is no fault ${JSON.stringify(name)}`);
    if (rate !== undefined && !(rate >= 0 && rate <= 1)) throw new RangeError(`${name}: rate must be from 0 to 1`);
    for (const [key, value] of Object.entries({ from, times })) {
      if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
        throw new RangeError(`${name}: ${key} must be a whole number from 1`);
      }
    }
    const limited = from !== undefined || times !== undefined || rate !== undefined;
    if (this.fault.kind === "condition" && limited) {
      throw new RangeError(`${name} is there or is not: it takes no rate, times or from`);
    }
    if ((this.fault.kind === "condition" || this.fault.kind === "event") && when !== undefined) {
      throw new RangeError(`${name} does not strike requests: it takes no path or when`);
    }
    this.name = name;
    this.random = random;
    this.#rule = rule;
  }

  /** How many times it has struck. */
  get happened(): number {
    return this.#happened;
  }

  fits(request: FaultRequest): boolean {
    const { fault } = this;
    if (fault.kind === "condition" || fault.kind === "event") return false;
    return (fault.fits?.(request) ?? true) && (this.#rule.when?.(request) ?? true);
  }

  /** Whether it strikes the next thing it could strike. It counts as having struck until `undo` is called. */
  strikes(): boolean {
    const { from = 1, times = Infinity, rate = 1 } = this.#rule;
    this.#met++;
    // The dice are thrown in any case, so that what strikes later does not depend on the limits.
    const chosen = this.random.chance(rate);
    if (!chosen || this.#met < from || this.#happened >= times) return false;
    this.#happened++;
    return true;
  }

  /** Takes back a strike that found nothing to do. */
  undo(): void {
    this.#happened--;
  }
}

/** What the rules that do not strike requests make of the world. */
export function conditionsOf(active: () => readonly ActiveRule[]): Conditions {
  return {
    get listOrder() {
      const found = active().find(({ fault }) => fault.kind === "condition" && fault.listOrder !== undefined);
      return found?.fault.kind === "condition" ? found.fault.listOrder : undefined;
    },
    get clockOffset() {
      let sum = 0;
      for (const { fault } of active()) if (fault.kind === "condition") sum += fault.clockOffset ?? 0;
      return sum;
    },
    visibilityDelay() {
      let most = 0;
      for (const rule of active()) {
        const { fault, random } = rule;
        if (fault.kind === "event" && fault.delay !== undefined && rule.strikes()) {
          most = Math.max(most, fault.delay(random));
        }
      }
      return most;
    },
    eventTime(now) {
      let time = now;
      for (const rule of active()) {
        const { fault } = rule;
        if (fault.kind === "event" && fault.createdAt !== undefined && rule.strikes()) time = fault.createdAt(time);
      }
      return time;
    },
  };
}
