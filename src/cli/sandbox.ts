import { randomInt } from "node:crypto";
import { createFaults, parseFaults } from "../sandbox/faults.ts";
import { findScenario, SCENARIOS, type Scenario } from "../sandbox/scenarios.ts";
import { createSandbox, type Sandbox } from "../sandbox/server.ts";
import { LIST_ORDERS } from "../sandbox/sorted-list.ts";
import { systemClock } from "../shared/clock.ts";
import type { Log } from "../shared/log.ts";
import { numberFlag, UsageError, wordFlag } from "./flags.ts";

/** Any key will do on loopback; this one says where it belongs. */
const SANDBOX_KEY = "sandbox";

/** The flags of the `sandbox` command, as texts. */
export interface SandboxFlags {
  port: string;
  speed: string;
  seed: string;
  scenario: string;
  listOrder: string;
  faults: string | undefined;
}

const DEFAULTS: SandboxFlags = {
  port: "4010",
  speed: "10",
  seed: "1",
  scenario: "demo",
  listOrder: "newest-first",
  faults: undefined,
};

export interface RunningSandbox {
  url: string;
  key: string;
  sandbox: Sandbox;
}

/** Starts the sandbox behind `--sandbox`: a free port, real time, and a scenario; throws `UsageError` for one that is none. */
export async function startScenario(name: string, log: Log): Promise<RunningSandbox> {
  const scenario = scenarioNamed("--sandbox", name);
  // Whoever kept an id or a cursor from before must not meet something else under it.
  const sandbox = createSandbox({ clock: systemClock, seed: randomInt(2 ** 32), log });
  const { url } = await sandbox.listen(0);
  scenario.begin(sandbox.world);
  return { url, key: SANDBOX_KEY, sandbox };
}

/** Starts the sandbox as the command line wants it; throws `UsageError` for flags that cannot be. */
export async function startSandbox(given: Partial<SandboxFlags>, log: Log): Promise<RunningSandbox> {
  const flags = { ...DEFAULTS, ...given };
  const port = numberFlag("--port", flags.port, { least: 0, most: 65_535, whole: true });
  const speed = numberFlag("--speed", flags.speed, { least: 0.01, most: 10_000 });
  const seed = numberFlag("--seed", flags.seed, { least: 0, most: 2 ** 32 - 1, whole: true });
  const scenario = scenarioNamed("--scenario", flags.scenario);
  const listOrder = wordFlag("--list-order", flags.listOrder, LIST_ORDERS);
  const faults = flags.faults === undefined ? undefined : createFaults({ rules: readFaults(flags.faults), seed });

  const sandbox = createSandbox({ clock: systemClock, seed, speed, listOrder, log, ...(faults && { faults }) });
  try {
    const { url } = await sandbox.listen(port);
    scenario.begin(sandbox.world);
    return { url, key: SANDBOX_KEY, sandbox };
  } catch (error) {
    await sandbox.close();
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") {
      throw new UsageError(`Port ${port} is in use; choose another with --port, or 0 for a free one`);
    }
    throw error;
  }
}

function scenarioNamed(flag: string, given: string): Scenario {
  const names = SCENARIOS.map(({ name }) => name);
  return findScenario(wordFlag(flag, given, names)) as Scenario;
}

function readFaults(text: string) {
  try {
    return parseFaults(text);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--faults: ${error.message}`);
    throw error;
  }
}
