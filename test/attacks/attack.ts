import { expect } from "vitest";
import { AttackUpstream } from "../support/attack-upstream.ts";
import { ERAS, type Session } from "../support/eras.ts";
import { test as base } from "../support/stdio-test.ts";

interface Attacked {
  upstream: AttackUpstream;
  /** A client of the built program, which asks that upstream. */
  connect(args?: readonly string[]): Promise<Session>;
}

/** A test of the built program against an upstream that was written to break it. */
export const test = base.extend<Attacked>({
  upstream: async ({ onTestFinished }, use) => {
    const upstream = await new AttackUpstream().listen();
    onTestFinished(() => upstream.close());
    await use(upstream);
  },
  connect: async ({ upstream, startProgram }, use) => {
    const [era] = ERAS;
    await use((args = []) => era.open(startProgram(["--poll-interval", "0.2", ...args], upstream.env)));
  },
});

export interface Followed {
  ids: string[];
  notes: string[];
  warnings: string[];
  cursor: string;
  calls: number;
}

/**
 * Waits again and again, each time from the last cursor, until `done` says that it is enough. Every cursor is one that a model can
 * copy, and is taken back; no call may fail.
 */
export async function follow(
  session: Session,
  args: Record<string, unknown>,
  done: (soFar: Followed) => boolean,
  after?: string,
): Promise<Followed> {
  const soFar: Followed = { ids: [], notes: [], warnings: [], cursor: after ?? "", calls: 0 };
  while (!done(soFar)) {
    const from = soFar.cursor === "" ? {} : { after: soFar.cursor };
    const { value, error } = await session.call("wait_for_webset_event", { timeoutSeconds: 2, ...args, ...from });
    expect(error).toBeUndefined();
    soFar.calls++;
    soFar.cursor = value.cursor;
    expect(value.cursor.length).toBeLessThanOrEqual(1_000);
    soFar.ids.push(...value.events.map(({ id }: { id: string }) => id));
    if (value.note !== undefined) soFar.notes.push(value.note);
    if (value.warning !== undefined) soFar.warnings.push(value.warning);
  }
  return soFar;
}

/** Exactly these, each once, in whatever order. */
export function expectOnce(got: readonly string[], expected: readonly string[]): void {
  expect([...got].sort()).toEqual([...expected].sort());
}
