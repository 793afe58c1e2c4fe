import { createFaults, type FaultRule, type FaultsOptions } from "../../../src/sandbox/faults.ts";
import type { SandboxOptions } from "../../../src/sandbox/server.ts";
import { openSandbox } from "../support.ts";

/** A sandbox of the tests with faults in it. */
export function openWithFaults(
  rules: readonly FaultRule[] = [],
  options: FaultsOptions & Partial<SandboxOptions> = {},
) {
  const faults = createFaults({ rules, ...options });
  return { faults, ...openSandbox({ ...options, faults }) };
}

/** `count` events that were created second by second, the last one just now; their ids, oldest first. */
export function recordEvents({ world, clock }: ReturnType<typeof openSandbox>, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const createdAt = clock.wallTime() - (count - 1 - index) * 1_000;
    return world.record("webset.idle", { id: "webset_1", object: "webset" }, { id: `e${index}`, createdAt }).id;
  });
}
