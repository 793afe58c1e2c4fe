import { connectionFaults } from "./connection-faults.ts";
import { contentFaults } from "./content-faults.ts";
import type { Fault } from "./fault.ts";
import { statusFaults } from "./status-faults.ts";
import { walkFaults } from "./walk-faults.ts";
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

export function faultNamed(name: FaultName): Fault {
  return ALL[name];
}
