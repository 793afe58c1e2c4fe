import { expect } from "vitest";
import type { Session } from "./eras.ts";
import type { Upstream } from "./upstream.ts";

export interface GivenEvent {
  id: string;
  type: string;
  createdAt: string;
  summary: string;
  resource: { kind: string; id: string };
}

/** What an agent got that followed a new Webset from before its beginning to its end. */
export interface Following {
  websetId: string;
  /** All events since then, as the chain of waits handed them out. */
  given: GivenEvent[];
  /** The ids of the events that there were before. */
  earlier: string[];
  /** The last answer to waiting for the Webset itself. */
  // biome-ignore lint/suspicious/noExplicitAny: what a result holds is what the tests are about.
  end: any;
  /** What single calls failed with that had time; each was made again with the same arguments. */
  errors: string[];
}

export interface FollowOptions {
  /** For each call. Longer than a fault lasts, no call fails; shorter, the next call has to make up for it. */
  timeoutSeconds?: number;
  /** Called when the agent has begun to follow, before anything happens. */
  begun?: () => void;
}

/** All that happens, also what is left out where nobody asks for it. */
const types = ["*"];

/** After so long what is still missing counts as lost; with its last call that is less than the time a test should have. */
const LOST_AFTER_MS = 60_000;

/**
 * Creates a Webset in the sandbox and follows it as an agent does: with waits for the Webset, and at the same time with
 * waits for a few events at a time, each of which goes on from the cursor of the one before.
 */
export async function followNewWebset(
  session: Session,
  { world }: Pick<Upstream, "world">,
  { timeoutSeconds = 10, begun }: FollowOptions = {},
): Promise<Following> {
  const errors: string[] = [];
  const giveUpAt = performance.now() + LOST_AFTER_MS;
  const call = async (name: string, args: { timeoutSeconds: number; [argument: string]: unknown }) => {
    for (let tries = 0; ; tries++) {
      // A single look may fail, for it leaves no time to try again; then it gets some.
      const isLook = args.timeoutSeconds === 0;
      const { value, error } = await session.call(
        name,
        isLook ? { ...args, timeoutSeconds: tries === 0 ? 0 : 1.5 } : args,
      );
      if (error === undefined) return value;
      if (isLook) expect(error).toMatch(/^unavailable: /);
      else errors.push(error);
      if (performance.now() > giveUpAt) throw new Error(`${name} failed to the end: ${error}`);
    }
  };

  // Long ago for whoever begins to follow now, but not for one whose clock is wrong.
  world.record("webset.idle", { id: "webset_1", object: "webset" }, { createdAt: world.wallTime() - 60_000 });
  const earlier = [...world.events.walk({ order: "oldest-first" })].map(({ event }) => event.id);
  const begin = await call("wait_for_webset_event", { types, timeoutSeconds: 0 });
  const given: GivenEvent[] = [...begin.events];
  let after: string = begin.cursor;
  begun?.();
  const { id: websetId } = world.createWebset({
    search: { query: "Makers of cargo bikes", count: 5 },
    enrichments: [{ description: "Founding year" }],
  });

  const waitForEnd = async () => {
    for (;;) {
      const value = await call("wait_for_webset", { websetId, timeoutSeconds });
      if (value.outcome !== "still_running" || performance.now() > giveUpAt) return value;
    }
  };
  const waitForEvents = async () => {
    for (let number = 1; performance.now() < giveUpAt; number++) {
      const over = world.getWebset(websetId).status === "idle";
      const left = world.events.size - earlier.length - given.length;
      if (over && left <= 0) break;
      // Never more than there will be, for that is waited for in vain; the end is still to come where it is not there.
      const atLeast = Math.max(1, Math.min(1 + ((number * 3) % 8), over ? left : left + 1));
      const value = await call("wait_for_webset_event", { types, after, atLeast, limit: atLeast, timeoutSeconds });
      given.push(...value.events);
      after = value.cursor;
    }
    // What comes again comes now.
    const { events } = await call("wait_for_webset_event", { types, after, timeoutSeconds: 0 });
    given.push(...events);
  };
  const [end] = await Promise.all([waitForEnd(), waitForEvents()]);
  return { websetId, given, earlier, end, errors };
}
