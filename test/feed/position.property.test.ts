import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import {
  advance,
  byTime,
  CLOCK_DISAGREEMENT_MS,
  isDealtWith,
  LATE_MS,
  type Position,
  positionAt,
  watermarkAt,
} from "../../src/feed/position.ts";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import { propertyRuns } from "../support/property-runs.ts";

interface ModelEvent {
  id: string;
  time: number;
  visibleAt: number;
}

const START = 1_000_000;

/** Events of growing times, many of them ties, each visible up to `LATE_MS` later. */
const histories = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 })),
      late: fc.oneof(fc.constant(0), fc.constant(LATE_MS), fc.integer({ min: 0, max: LATE_MS })),
    }),
    { maxLength: 25 },
  )
  .map((steps) => {
    let time = START - 8_000;
    return steps.map(({ gap, late }, n): ModelEvent => {
      time += gap;
      return { id: `e${(n * 7) % 25}_${n}`, time, visibleAt: time + late };
    });
  });

/** One wait of some looks: each has two pages, of which each event is on one, with time between them, and how much of it is handed out. */
const looks = fc.array(
  fc.record({
    pause: fc.integer({ min: 0, max: 9_000 }),
    betweenPages: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12_000 })),
    /** The `Date` has a grain, answers take time, and its clock may be a second ahead of the one that stamps events. */
    early: fc.integer({ min: -CLOCK_DISAGREEMENT_MS, max: 2_000 }),
    dated: fc.boolean(),
    secondPage: fc.integer({ min: 0, max: 2 ** 25 - 1 }),
    looks: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 6 }),
    /** Whether the position goes through its text, as between two calls. */
    asText: fc.boolean(),
  }),
  { maxLength: 25 },
);

test("a position brings every event exactly once, whatever the pages, the lateness and the interleaving", () => {
  fc.assert(
    fc.property(histories, looks, fc.integer({ min: -8_000, max: 20_000 }), (events, script, begin) => {
      const first = positionAt(START + begin);
      let position: Position = first;
      let now = START;
      const handedOut: string[] = [];
      const upstreamClock = new UpstreamClock({ now: () => now, wallTime: () => now, sleep: async () => {} });

      /** What a look finds, and what is settled then. */
      const look = (step: { betweenPages: number; early: number; dated: boolean; secondPage: number }) => {
        const begun = now;
        const met: ModelEvent[] = [];
        for (const page of [0, 1]) {
          const sentAt = now;
          const isOnPage = (index: number) => ((step.secondPage >> index) & 1) === page;
          const shown = events.filter(
            (event, index) => isOnPage(index) && event.visibleAt <= now && event.time >= position.since,
          );
          upstreamClock.note({ sentAt, receivedAt: now, serverTime: step.dated ? now - step.early : undefined });
          upstreamClock.noteEvents(shown, now);
          met.push(...shown);
          if (page === 0) now += step.betweenPages;
        }
        const present = upstreamClock.reached(begun);
        return { met, settledUpTo: present === undefined ? undefined : watermarkAt(present) };
      };

      const wait = (step: Parameters<typeof look>[0] & { looks: number; count: number }) => {
        let told = position;
        let settled: number | undefined;
        const found: ModelEvent[] = [];
        const again: ModelEvent[] = [];
        for (let n = 0; n < step.looks && found.length < step.count; n++) {
          const { met, settledUpTo } = look(step);
          const fresh = met.filter((event) => !isDealtWith(told, event));
          const metAgain = met.filter((event) => isDealtWith(told, event));
          found.push(...fresh);
          again.push(...metAgain);
          settled = settledUpTo ?? settled;
          told = advance(told, { handedOut: fresh, metAgain, settledUpTo });
          now += 1_000;
        }
        found.sort(byTime);
        const given = found.slice(0, step.count);
        handedOut.push(...given.map(({ id }) => id));
        const oldestPending = found[step.count];
        position = advance(position, { handedOut: given, metAgain: again, oldestPending, settledUpTo: settled });
      };

      for (const step of script) {
        now += step.pause;
        const before = position.since;
        wait(step);
        expect(position.since).toBeGreaterThanOrEqual(before);
        if (step.asText) position = decodeCursor(encodeCursor(position));
      }
      now += 100_000;
      wait({ betweenPages: 0, early: 0, dated: true, secondPage: 0, looks: 1, count: 100 });

      const expected = events.filter((event) => event.time >= first.since).map(({ id }) => id);
      expect(handedOut.sort()).toEqual(expected.sort());
      if (expected.length > 0) expect(position.seen.size).toBe(0);
    }),
    propertyRuns(1_000),
  );
});
