import fc from "fast-check";
import { expect, test } from "vitest";
import { LATE_MS } from "../../src/feed/position.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { propertyRuns, propertyTimeout } from "../support/property-runs.ts";
import { EventsClient, type Message } from "./support.ts";

const IN_THE_SUITE = 60;

const TYPES = ["webset.idle", "webset.item.created", "webset.moved"];
const SUBSCRIPTIONS = [
  { name: "websets.event", wants: () => true },
  { name: "webset.idle", wants: ({ type }: Told) => type === "webset.idle" },
  {
    name: "websets.event",
    arguments: { types: ["webset.i*"], websetId: "ws_a" },
    wants: ({ type, websetId }: Told) => type.startsWith("webset.i") && websetId === "ws_a",
  },
];

interface Told {
  type: string;
  websetId: string;
}

/** One call of the client, with the cursor it got last. */
interface Step {
  pauseMs: number;
  /** At most so many events of a poll; of a stream, after so many it is cut. */
  most: number;
  /** Undefined: a poll. */
  streamForMs: number | undefined;
  /** Whether another process answers: nothing is left but the cursor. */
  restarted: boolean;
}

const worlds = fc.record({
  listOrder: fc.constantFrom("newest-first" as const, "oldest-first" as const),
  pageSizeCap: fc.constantFrom(3, 20, 200),
  subscription: fc.constantFrom(...SUBSCRIPTIONS),
  happenings: fc.array(
    fc.record({
      // Many of them share a moment.
      at: fc.nat(60).map((seconds) => 500 + seconds * 1_000),
      late: fc.constantFrom(0, 0, 900, LATE_MS - 1_000),
      type: fc.constantFrom(...TYPES),
      websetId: fc.constantFrom("ws_a", "ws_b"),
    }),
    { maxLength: 60 },
  ),
  steps: fc.array(
    fc.record({
      pauseMs: fc.nat(20_000),
      most: fc.integer({ min: 1, max: 8 }),
      streamForMs: fc.option(fc.nat(15_000), { nil: undefined }),
      restarted: fc.boolean(),
    }),
    { maxLength: 12 },
  ),
});

type World = typeof worlds extends fc.Arbitrary<infer W> ? W : never;

/** All that a client heard of, by polls and streams in turn. */
async function heardIn(world: World) {
  const { listOrder, pageSizeCap, subscription, happenings, steps } = world;
  const opened = openFeedWorld({ listOrder, pageSizeCap });
  const { fake, start, record, newProcess, sandbox } = opened;
  // Both are there, so that a subscription to one of them can begin.
  for (const websetId of ["ws_a", "ws_b"]) record("webset.created", { at: start - 60_000, websetId });
  await fake.advance(20_000);
  const begin = fake.wallTime();
  let client = await EventsClient.open(newProcess());
  const { wants, ...asked } = subscription;
  const poll = async (params: object): Promise<Message> => {
    const { result, error } = await fake.until(client.request("events/poll", { ...asked, ...params }));
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return result;
  };
  let { cursor } = await poll({});
  const expected = happenings.map(({ at, ...rest }) => ({
    ...record(rest.type, { ...rest, at: begin + 2_000 + at }),
    ...rest,
  }));
  const heard: string[] = [];

  const stream = async ({ streamForMs = 0, most }: Step) => {
    const answer = client.request("events/stream", { ...asked, cursor });
    const id = client.latestId;
    void answer;
    let left = most;
    client.onNotification = ({ params }) => {
      if (left === 0) return;
      cursor = params.cursor;
      if (params.eventId === undefined) return;
      heard.push(params.eventId);
      left--;
      // What it was told after that, it did not take note of any more.
      if (left === 0) client.cancel(id);
    };
    await fake.advance(streamForMs);
    left = 0;
    client.cancel(id);
    await fake.advance(0);
  };
  for (const step of [
    ...steps,
    ...[1, 2].map(() => ({ pauseMs: 75_000, most: 1, streamForMs: undefined, restarted: true })),
  ]) {
    await fake.advance(step.pauseMs);
    if (step.restarted) client = await EventsClient.open(newProcess());
    if (step.streamForMs !== undefined) await stream(step);
    else {
      const polled = await poll({ cursor, maxEvents: step.most });
      cursor = polled.cursor;
      heard.push(...polled.events.map(({ eventId }: Message) => eventId));
    }
  }
  for (let hasMore = true; hasMore; ) {
    const polled = await poll({ cursor });
    ({ cursor, hasMore } = polled);
    heard.push(...polled.events.map(({ eventId }: Message) => eventId));
  }
  const left = { tails: client.process.feed.tails, sleeping: fake.sleeping };
  await sandbox.close();
  return { heard, left, expected: expected.filter(wants).map(({ id }) => id) };
}

test(
  "a client that goes on with the cursor it got last hears of each event once, however it polls and whenever a stream is cut",
  async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const { heard, expected, left } = await heardIn(world);
        expect([...heard].sort()).toEqual([...expected].sort());
        expect(left).toEqual({ tails: 0, sleeping: 0 });
      }),
      propertyRuns(IN_THE_SUITE),
    );
  },
  propertyTimeout(IN_THE_SUITE),
);
