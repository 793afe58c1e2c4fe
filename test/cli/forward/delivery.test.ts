import { expect, onTestFinished, test } from "vitest";
import {
  Deliveries,
  type DeliveriesOptions,
  type Delivery,
  type DeliveryNews,
  delayAfter,
  type Outcome,
} from "../../../src/cli/forward/delivery.ts";
import { type Entry, StateError } from "../../../src/cli/forward/state-file.ts";
import { abortError, WebsetsError } from "../../../src/shared/errors.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const done: Outcome = { kind: "done", how: "answered 200" };
const failed: Outcome = { kind: "failed", how: "answered 500" };

/** Deliveries to a target that answers as it is told, without a disk. */
function openDeliveries(options: Partial<DeliveriesOptions> = {}) {
  const clock = new FakeClock();
  const news: DeliveryNews[] = [];
  const tried: string[] = [];
  const letters: Record<string, unknown>[] = [];
  const known = { answer: (_: Delivery): Outcome | Promise<Outcome> => done };
  const deliveries = new Deliveries({
    target: {
      name: "the target",
      close: async () => {},
      async deliver(delivery, signal) {
        tried.push(delivery.eventId);
        const aborted = new Promise<never>((_, reject) => {
          signal.addEventListener("abort", () => reject(abortError()), { once: true });
        });
        return Promise.race([known.answer(delivery), aborted]);
      },
    },
    state: {
      done: async () => {},
      giveUp: async (_, letter) => void letters.push(letter),
      deadLetters: "dead.jsonl",
    },
    whole: async ({ eventId: id }, kept) => kept ?? JSON.stringify({ id, again: true }),
    clock,
    random: () => 0,
    parallel: 100,
    attempts: 5,
    tell: async (one) => void news.push(one),
    ...options,
  });
  const add = (queue: string, ...ids: string[]) => {
    for (const eventId of ids) {
      const entry: Entry = {
        eventId,
        type: "webset.item.created",
        createdAt: "2026-11-01T12:00:00.000Z",
        websetId: queue,
      };
      deliveries.add(entry, JSON.stringify({ id: eventId }));
    }
  };
  const delivered = () => news.flatMap((one) => (one.kind === "delivered" ? one.entry.eventId : []));
  onTestFinished(async () => {
    await clock.until(deliveries.end(0)).catch(() => {});
    expect(clock.sleeping).toBe(0);
  });
  return { deliveries, clock, news, tried, letters, known, add, delivered };
}

test("an attempt that failed is repeated after 1 s, doubled each time, at most 5 minutes", () => {
  const delays = Array.from({ length: 11 }, (_, index) => delayAfter(index + 1, undefined, () => 0) / 1_000);
  expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  expect(delayAfter(2, undefined, () => 1)).toBe(2_500);
  expect(delayAfter(400, undefined, () => 1)).toBe(300_000);
});

test("a target that asks for more time gets it, up to 5 minutes", () => {
  expect(delayAfter(1, 60_000, () => 0)).toBe(60_000);
  expect(delayAfter(1, 3_600_000, () => 0)).toBe(300_000);
  expect(delayAfter(5, 1_000, () => 0)).toBe(16_000);
});

test("events of a queue are delivered one after another, in order", async () => {
  const { add, known, tried, delivered, clock } = openDeliveries();
  const ends: (() => void)[] = [];
  known.answer = () => new Promise((resolve) => ends.push(() => resolve(done)));
  add("a", "a1", "a2", "a3");
  await clock.advance(10);
  expect(tried).toEqual(["a1"]);
  for (const _ of ["a1", "a2", "a3"]) {
    ends.shift()?.();
    await clock.advance(0);
  }
  expect(delivered()).toEqual(["a1", "a2", "a3"]);
});

test("the next event is not tried before it is on disk that the one before is done", async () => {
  const writes: (() => void)[] = [];
  const { add, tried, clock } = openDeliveries({
    state: {
      done: () => new Promise((resolve) => writes.push(resolve)),
      giveUp: async () => {},
      deadLetters: "",
    },
  });
  add("a", "a1", "a2");
  await clock.advance(60_000);
  expect(tried).toEqual(["a1"]);
  writes.shift()?.();
  await clock.advance(0);
  expect(tried).toEqual(["a1", "a2"]);
  writes.shift()?.();
});

test("what fails holds up its own queue alone, also where one is delivered at a time", async () => {
  const { add, known, tried, delivered, clock, news } = openDeliveries({ parallel: 1 });
  let failures = 3;
  known.answer = ({ eventId }) => (eventId === "a1" && failures-- > 0 ? failed : done);
  add("a", "a1", "a2");
  add("b", "b1", "b2");
  await clock.advance(0);
  expect(delivered()).toEqual(["b1", "b2"]);
  await clock.advance(7_000);
  expect(delivered()).toEqual(["b1", "b2", "a1", "a2"]);
  expect(tried.filter((id) => id === "a1")).toHaveLength(4);
  expect(news.flatMap((one) => (one.kind === "retrying" ? one.delayMs : []))).toEqual([1_000, 2_000, 4_000]);
});

test("no more are delivered at once than asked for", async () => {
  const { add, known, clock } = openDeliveries({ parallel: 2 });
  let [running, most] = [0, 0];
  known.answer = async () => {
    most = Math.max(most, ++running);
    await clock.sleep(1_000);
    running--;
    return done;
  };
  for (const queue of ["a", "b", "c", "d"]) add(queue, `${queue}1`, `${queue}2`);
  await clock.advance(4_000);
  expect(most).toBe(2);
});

test("an event that the target does not want is given up at once, and the next one is delivered", async () => {
  const { add, known, delivered, letters, news, clock } = openDeliveries();
  known.answer = ({ eventId }) => (eventId === "a1" ? { kind: "gone", how: "answered 410, gone" } : done);
  add("a", "a1", "a2");
  await clock.advance(0);
  expect(delivered()).toEqual(["a2"]);
  expect(letters).toEqual([
    { givenUpAt: "2026-11-01T12:00:00.000Z", attempts: 1, why: "answered 410, gone", event: { id: "a1" } },
  ]);
  expect(news[0]).toMatchObject({ kind: "given_up", attempt: 1, deadLetters: "dead.jsonl" });
});

test("after its attempts an event is given up, and the next one is delivered", async () => {
  const { add, known, tried, delivered, letters, clock } = openDeliveries({ attempts: 3 });
  known.answer = ({ eventId }) => (eventId === "a1" ? failed : done);
  add("a", "a1", "a2");
  await clock.advance(2_999);
  expect(tried).toEqual(["a1", "a1"]);
  await clock.advance(1);
  expect(tried).toEqual(["a1", "a1", "a1", "a2"]);
  expect(delivered()).toEqual(["a2"]);
  expect(letters).toMatchObject([{ attempts: 3, why: "answered 500" }]);
});

test("an event that cannot be read at present was not tried", async () => {
  let unreadable = 4;
  const { add, tried, delivered, letters, clock } = openDeliveries({
    attempts: 1,
    async whole(_, kept) {
      if (unreadable-- > 0) throw new WebsetsError("unavailable", { what: "the API does not answer" });
      return kept;
    },
  });
  add("a", "a1");
  await clock.advance(15_000);
  expect(tried).toEqual(["a1"]);
  expect(delivered()).toEqual(["a1"]);
  expect(letters).toEqual([]);
});

test("what the API does not have any more goes to the dead letters with what is known of it", async () => {
  const { add, tried, letters, clock } = openDeliveries({ whole: async () => undefined });
  add("a", "a1");
  await clock.advance(0);
  expect(tried).toEqual([]);
  expect(letters).toMatchObject([{ event: { id: "a1", type: "webset.item.created" } }]);
});

test("reading stops while many wait, and goes on when they are delivered", async () => {
  const { deliveries, add, known, clock } = openDeliveries();
  const ends: (() => void)[] = [];
  known.answer = () => new Promise((resolve) => ends.push(() => resolve(done)));
  add("a", ...Array.from({ length: 99 }, (_, n) => `a${n}`));
  expect(deliveries.hasRoom).toBe(true);
  add("b", "b1");
  expect(deliveries.hasRoom).toBe(false);
  const { signal } = new AbortController();
  let hasRoom = false;
  const room = deliveries.room(signal).then(() => {
    hasRoom = true;
  });
  await clock.advance(3_600_000);
  expect(hasRoom).toBe(false);
  ends.shift()?.();
  await clock.until(room);
  known.answer = () => done;
  for (const end of ends) end();
});

test("a Webset whose deliveries fail stops reading only when very many wait", async () => {
  const { deliveries, add, known, clock } = openDeliveries({ attempts: 1_000_000 });
  known.answer = ({ eventId }) => (eventId.startsWith("a") ? failed : done);
  add("a", ...Array.from({ length: 999 }, (_, n) => `a${n}`));
  await clock.advance(0);
  expect(deliveries.hasRoom).toBe(true);
  add("a", "a999");
  expect(deliveries.hasRoom).toBe(false);
});

test("only so much of what waits is kept; the rest is read again when its turn comes", async () => {
  const { deliveries, known, clock } = openDeliveries();
  const bodies: string[] = [];
  known.answer = ({ body }) => {
    bodies.push(body.slice(0, 30));
    return done;
  };
  const large = JSON.stringify({ text: "x".repeat(3_000_000) });
  for (const eventId of ["a1", "a2", "a3"]) {
    deliveries.add({ eventId, type: "t", createdAt: "", websetId: "a" }, large);
  }
  await clock.advance(0);
  expect(bodies.map((body) => body.includes("again"))).toEqual([false, false, true]);
  // What was delivered makes room.
  deliveries.add({ eventId: "a4", type: "t", createdAt: "", websetId: "a" }, large);
  await clock.advance(0);
  expect(bodies.at(-1)).not.toContain("again");
});

test("told to end, it begins nothing more, and lets what has begun come to its end", async () => {
  const { deliveries, add, known, tried, delivered, clock } = openDeliveries();
  known.answer = async () => {
    await clock.sleep(1_000);
    return done;
  };
  add("a", "a1", "a2");
  await clock.advance(500);
  await clock.until(deliveries.end(5_000));
  expect(tried).toEqual(["a1"]);
  expect(delivered()).toEqual(["a1"]);
});

test("told to end, it cuts short what takes longer than that", async () => {
  const { deliveries, add, known, delivered, clock } = openDeliveries();
  known.answer = () => new Promise(() => {});
  add("a", "a1");
  await clock.advance(0);
  const startedAt = clock.now();
  await clock.until(deliveries.end(5_000));
  expect(clock.now() - startedAt).toBe(5_000);
  expect(delivered()).toEqual([]);
});

test("told to end, it does not wait for the next attempt", async () => {
  const { deliveries, add, known, clock } = openDeliveries();
  known.answer = () => failed;
  add("a", "a1");
  await clock.advance(0);
  const startedAt = clock.now();
  await clock.until(deliveries.end(5_000));
  expect(clock.now()).toBe(startedAt);
});

test("told to end, it does not wait for who reads what it says", async () => {
  const { deliveries, add, tried, clock } = openDeliveries({ tell: () => new Promise(() => {}) });
  add("a", "a1", "a2");
  await clock.advance(60_000);
  expect(tried).toEqual(["a1"]);
  await clock.until(deliveries.end(5_000));
});

test("where the state cannot be written everything stops, and that is thrown", async () => {
  const full = new StateError("disk full");
  const { deliveries, add, tried, clock } = openDeliveries({
    state: { done: () => Promise.reject(full), giveUp: async () => {}, deadLetters: "" },
  });
  add("a", "a1", "a2");
  await clock.advance(0);
  expect(deliveries.stopped.aborted).toBe(true);
  expect(tried).toEqual(["a1"]);
  await expect(clock.until(deliveries.end(0))).rejects.toBe(full);
});
