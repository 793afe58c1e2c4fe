import { readRequest } from "./faults/fault.ts";
import { ActiveRule, conditionsOf, FAULTS, type FaultName, type FaultRule } from "./faults/rule.ts";
import type { Faults, SandboxAnswer, SandboxRequest } from "./message.ts";
import { createRandom } from "./random.ts";
import type { World } from "./world.ts";

export type { FaultRequest } from "./faults/fault.ts";
export { FAULTS_GRAMMAR, parseFaults } from "./faults/parse-faults.ts";
export { FAULTS, type FaultName, type FaultRule } from "./faults/rule.ts";

export interface FaultsOptions {
  /** What is to go wrong from the beginning; `parseFaults` makes them of a text. */
  rules?: readonly FaultRule[];
  /** The same seed and the same requests give the same faults. Default 1. */
  seed?: number;
}

/** A rule that was added. */
export interface AddedFault {
  readonly name: FaultName;
  /** How many times it has struck. */
  readonly happened: number;
  remove(): void;
}

/** Faults that tests and the command line can script. They belong to the sandbox they are given to. */
export interface ScriptedFaults extends Faults {
  /**
   * `RangeError` for a rule that could not do what it says. Where several strike one request, the first one added has
   * the last word.
   */
  add(rule: FaultRule): AddedFault;
  /** Nothing goes wrong any more. */
  clear(): void;
  /** How many times each fault has struck since the beginning; those that have not are left out. */
  readonly happened: Readonly<Partial<Record<FaultName, number>>>;
}

export function createFaults({ rules = [], seed = 1 }: FaultsOptions = {}): ScriptedFaults {
  const random = createRandom(`faults/${seed}`);
  const all: ActiveRule[] = [];
  let active: readonly ActiveRule[] = [];
  let world: World | undefined;

  const add = (rule: FaultRule): AddedFault => {
    // Rules with sources of their own: one more of them does not change the others.
    const added = new ActiveRule(rule, random.fork(`${all.length}/${rule.name}`));
    all.push(added);
    active = [...active, added];
    return {
      name: added.name,
      get happened() {
        return added.happened;
      },
      remove() {
        active = active.filter((one) => one !== added);
      },
    };
  };
  for (const rule of rules) add(rule);

  const intercept = async (request: SandboxRequest, next: () => Promise<SandboxAnswer>): Promise<SandboxAnswer> => {
    const asked = readRequest(request);
    const striking = active.filter((rule) => rule.fits(asked)).filter((rule) => rule.strikes());
    const idle = new Set(striking);
    const answerFrom = async (index: number): Promise<SandboxAnswer> => {
      const rule = striking[index];
      if (rule === undefined) return next();
      if (world === undefined) throw new Error("these faults have not been given to a sandbox");
      const { fault, random } = rule;
      const scene = { request: asked, world, random };
      if (fault.kind === "instead") {
        idle.delete(rule);
        return fault.answer(scene);
      }
      if (fault.kind === "before" && fault.act(scene)) idle.delete(rule);
      const answer = await answerFrom(index + 1);
      const spoilt = fault.kind === "after" ? fault.spoil(answer, scene) : undefined;
      if (spoilt !== undefined) idle.delete(rule);
      return spoilt ?? answer;
    };
    try {
      return await answerFrom(0);
    } finally {
      for (const rule of idle) rule.undo();
    }
  };

  return {
    add,
    intercept,
    clear() {
      active = [];
    },
    get happened() {
      const counts: Partial<Record<FaultName, number>> = {};
      for (const { name } of FAULTS) {
        const count = all.reduce((sum, rule) => sum + (rule.name === name ? rule.happened : 0), 0);
        if (count > 0) counts[name] = count;
      }
      return counts;
    },
    conditions: conditionsOf(() => active),
    attach(to) {
      world = to;
    },
  };
}
