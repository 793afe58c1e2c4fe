import { type Evidence, gather } from "../../../src/cli/doctor/evidence.ts";
import type { Exam, Finding } from "../../../src/cli/doctor/finding.ts";
import { createHide } from "../../../src/cli/doctor/finding.ts";
import { Probe } from "../../../src/cli/doctor/probe.ts";
import type { Transport } from "../../../src/exa/http.ts";
import { createSandbox, type Sandbox, type SandboxOptions } from "../../../src/sandbox/server.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { sandboxTransport } from "../../support/sandbox-transport.ts";

const LATENCY_MS = 40;

/** A probe before a sandbox in the same process, on a clock that moves when told to. */
export function openProbe({
  latencyMs = LATENCY_MS,
  ...options
}: Partial<SandboxOptions> & { latencyMs?: number } = {}) {
  const clock = new FakeClock();
  const sandbox = createSandbox({ seed: 7, ...options, clock });
  const transport = sandboxTransport(sandbox, clock, () => latencyMs);
  const probe = new Probe({ config: CONFIG, transport, clock });
  return { clock, sandbox, probe, transport };
}

export const KEY = "0c1d7a52-5b1e-4c83-9f3e-doctor000001";

const CONFIG: Exam["config"] = {
  apiKey: KEY,
  keyPlaceholder: undefined,
  baseUrl: new URL("http://127.0.0.1:1"),
  proxies: {},
};

/** What is seen of a sandbox in which `live` has happened. */
export async function evidenceOf(
  live: (sandbox: Sandbox, clock: FakeClock) => Promise<void> | void,
  options: Partial<SandboxOptions> = {},
): Promise<Evidence & { probe: Probe; clock: FakeClock }> {
  const { clock, sandbox, probe } = openProbe(options);
  await live(sandbox, clock);
  const evidence = await clock.until(gather(probe, new AbortController().signal));
  await sandbox.close();
  return { ...evidence, probe, clock };
}

/** A Webset of some items with an enrichment, from its beginning to its end and a minute on. */
export async function liveOneWebset({ world }: Sandbox, clock: FakeClock, count = 12): Promise<void> {
  world.createWebset({
    search: { query: "makers of secret kites", count },
    enrichments: [{ description: "Who is asked for" }],
  });
  await clock.advance(180_000);
}

export function examOf(config: Partial<Exam["config"]>, transport: Transport, more: Partial<Exam> = {}): Exam {
  const whole = { ...CONFIG, ...config };
  const signal = new AbortController().signal;
  return { config: whole, clock: new FakeClock(), signal, transport, hide: createHide(whole), ...more };
}

/** All findings of a run, and what it returned. */
export async function allOf<R>(steps: AsyncGenerator<Finding, R>): Promise<{ findings: Finding[]; end: R }> {
  const findings: Finding[] = [];
  for (;;) {
    const step = await steps.next();
    if (step.done) return { findings, end: step.value };
    findings.push(step.value);
  }
}
