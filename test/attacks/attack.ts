import { expect } from "vitest";
import { AttackUpstream } from "../support/attack-upstream.ts";
import { ERAS, type Session } from "../support/eras.ts";
import { test as base } from "../support/stdio-test.ts";
import { RawClient } from "../tasks/raw-client.ts";

interface Attacked {
  upstream: AttackUpstream;
  /** A client of the built program, which asks that upstream. */
  connect(args?: readonly string[]): Promise<Session>;
  /** A client of bare lines, to which long waits are tasks; nothing limits its requests. */
  connectRaw(args?: readonly string[]): Promise<RawClient>;
}

const FAST = ["--poll-interval", "0.2"];

/** A test of the built program against an upstream that was written to break it. */
export const test = base.extend<Attacked>({
  upstream: async ({ onTestFinished }, use) => {
    const upstream = await new AttackUpstream().listen();
    onTestFinished(() => upstream.close());
    await use(upstream);
  },
  connect: async ({ upstream, startProgram }, use) => {
    const [era] = ERAS;
    await use((args = []) => era.open(startProgram([...FAST, ...args], upstream.env)));
  },
  connectRaw: async ({ upstream, startProgram }, use) => {
    await use(async (args = []) => {
      const client = new RawClient(startProgram([...FAST, ...args], upstream.env));
      await client.send("server/discover");
      return client;
    });
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

/** What a wait passes to be given so many events at once, and no fewer unless its time is up. */
export const atOnce = (events: number) => ({ atLeast: events, limit: events });

/** Follows until the events that a test has told came, each once, and nothing else. */
export async function expectAll(
  session: Session,
  expected: readonly string[],
  args: Record<string, unknown>,
  after?: string,
): Promise<Followed> {
  const followed = await follow(
    session,
    { ...atOnce(Math.min(100, expected.length)), ...args },
    ({ ids }) => ids.length >= expected.length,
    after,
  );
  expectOnce(followed.ids, expected);
  return followed;
}

/** Pages through a listing to its end; returns the ids, newest first, and the cursor to wait from. */
export async function listAll(
  session: Session,
  args: Record<string, unknown> = {},
): Promise<{ ids: string[]; cursor: string; notes: string[] }> {
  const ids: string[] = [];
  const notes: string[] = [];
  for (let page: string | undefined; ; ) {
    const paged = page === undefined ? {} : { page };
    const { value, error } = await session.call("list_webset_events", { limit: 200, ...args, ...paged });
    expect(error).toBeUndefined();
    ids.push(...value.events.map(({ id }: { id: string }) => id));
    expect(value.cursor.length).toBeLessThanOrEqual(1_000);
    notes.push(value.note ?? "");
    if (value.nextPage === null) return { ids, cursor: value.cursor, notes };
    expect(value.nextPage.length).toBeLessThanOrEqual(1_000);
    page = value.nextPage;
  }
}
