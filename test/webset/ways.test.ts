import { describe, expect, test } from "vitest";
import type { HttpAnswer } from "../../src/exa/http.ts";
import { type FeedWorldOptions, openFeedWorld, type Spoil } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";
import { stateRequests, wait } from "./waiting.ts";

const SEARCH = { search: { query: "Robot makers in Europe", count: 3 } };
/** In the shape of the API's own errors, without a tag. */
const json = (status: number) => refusal(status, {}, { statusCode: status, message: "Denied", error: "Denied" });
const tagged = refusal(403, {}, { error: "Not in your plan", tag: "FEATURE_DISABLED" });

/** A running Webset whose search is completed at `completedAt` or a little after. */
async function running(options: FeedWorldOptions = {}) {
  const opened = openFeedWorld({ latency: () => 20, ...options });
  const webset = opened.world.createWebset(SEARCH);
  await opened.fake.advance(3_000);
  return { ...opened, webset };
}

/** Answers in place of what is asked for at `path`. */
function at(path: "events" | "state", answer: () => HttpAnswer | undefined): Spoil {
  return async ({ url }, next) => {
    const isEvents = url.pathname.endsWith("/events");
    return (isEvents === (path === "events") ? answer() : undefined) ?? next();
  };
}

/** When the search of `running` is completed. */
async function completedAt(): Promise<number> {
  const { world, fake, start } = await running();
  await fake.advance(60_000);
  const [event] = world.events.walk({ order: "oldest-first", types: ["webset.search.completed"] });
  return (event?.time ?? 0) - start;
}

describe("a wait lives on whichever of events and state can be read", () => {
  test.each([403, 404, 400, 500, 503, 429])(
    "looks at the state every two seconds while the list answers %i",
    async (status) => {
      const end = await completedAt();
      const opened = await running();
      opened.trouble.spoil = at("events", () => json(status));
      const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 60_000 }));
      expect(waited.outcome).toBe("reached");
      expect(opened.fake.now()).toBeLessThan(end + 2_500);
      expect(stateRequests(opened)).toBeLessThanOrEqual(2 + (opened.fake.now() - 3_000) / 2_000);
    },
  );

  test("and says why events are missing where its time ends before", async () => {
    const opened = await running();
    opened.trouble.spoil = at("events", () => json(403));
    const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 6_000 }));
    expect(waited).toMatchObject({ outcome: "still_running", lastError: { kind: "forbidden" } });
  });

  test.each([403, 400, 503])("follows the events while the state is answered with %i", async (status) => {
    const end = await completedAt();
    const opened = await running();
    const waiting = wait(opened, opened.webset.id, { timeoutMs: 60_000 });
    await opened.fake.advance(500);
    opened.trouble.spoil = at("state", () => json(status));
    const waited = await opened.fake.until(waiting);
    expect(waited).toMatchObject({ outcome: "reached", progress: { searches: [{ status: "completed" }] } });
    expect(opened.fake.now()).toBeLessThan(end + 1_100);
  });

  test("ends when both are refused, twice each", async () => {
    const opened = await running();
    const waiting = wait(opened, opened.webset.id, { timeoutMs: 60_000 });
    await opened.fake.advance(500);
    opened.trouble.spoil = async () => json(403);
    await expect(opened.fake.until(waiting)).rejects.toMatchObject({ kind: "forbidden" });
    expect(opened.fake.now()).toBeGreaterThan(5_000);
    expect(opened.fake.now()).toBeLessThan(12_000);
  });

  test("notices an end whose event comes 20 s late, or never, by looking besides", async () => {
    const end = await completedAt();
    for (const late of [20_000, 3_600_000]) {
      const opened = await running({ visibilityDelay: (type) => (type === "webset.search.completed" ? late : 0) });
      const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 120_000 }));
      expect(waited.outcome).toBe("reached");
      expect(opened.fake.now()).toBeLessThan(end + 15_500);
    }
  });

  test("is not led astray by one Date an hour ahead or behind", async () => {
    const end = await completedAt();
    for (const skewMs of [0, 5 * 3_600_000]) {
      for (const offMs of [3_600_000, -3_600_000]) {
        const opened = await running({ skewMs });
        let answers = 0;
        opened.trouble.spoil = async (_, next) => {
          const answer = await next();
          if (answers++ > 0) return answer;
          const date = new Date(Date.parse(answer.headers.date ?? "") + offMs).toUTCString();
          return { ...answer, headers: { ...answer.headers, date } };
        };
        const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 60_000 }));
        expect(waited.outcome).toBe("reached");
        expect(opened.fake.now()).toBeLessThan(end + 1_500);
      }
    }
  });
});

describe("an answer in the middle of a wait", () => {
  test.each([
    ["state", 404],
    ["state", 403],
    ["state", 400],
    ["events", 404],
    ["events", 403],
    ["events", 400],
  ] as const)("that could be an accident (%s, %i) is not believed when it comes once", async (path, status) => {
    const end = await completedAt();
    const opened = await running();
    const waiting = wait(opened, opened.webset.id, { timeoutMs: 60_000 });
    await opened.fake.advance(1_500);
    let left = 1;
    opened.trouble.spoil = at(path, () => (left-- > 0 ? json(status) : undefined));
    opened.record("webset.paused", { websetId: opened.webset.id });
    await opened.fake.advance(3_000);
    expect(left).toBeLessThan(1);
    expect((await opened.fake.until(waiting)).outcome).toBe("reached");
    expect(opened.fake.now()).toBeLessThan(end + 1_100);
  });

  test("that the Webset is not there is believed when it comes again two seconds later", async () => {
    const opened = await running();
    const waiting = wait(opened, opened.webset.id, { timeoutMs: 60_000 });
    await opened.fake.advance(500);
    opened.trouble.spoil = at("state", () => json(404));
    opened.record("webset.paused", { websetId: opened.webset.id });
    const waited = await opened.fake.until(waiting);
    expect(waited.outcome).toBe("deleted");
    const looks = opened.requests.filter(({ path }) => !path.endsWith("/events")).map(({ at }) => at);
    expect((looks[2] ?? 0) - (looks[1] ?? 0)).toBeGreaterThanOrEqual(2_000);
    expect(looks).toHaveLength(3);
  });

  test("is no verdict where the time ends before the second look", async () => {
    const opened = await running();
    const waiting = wait(opened, opened.webset.id, { timeoutMs: 3_000 });
    await opened.fake.advance(2_000);
    opened.trouble.spoil = at("state", () => json(404));
    opened.record("webset.paused", { websetId: opened.webset.id });
    expect(await opened.fake.until(waiting)).toMatchObject({
      outcome: "still_running",
      lastError: { kind: "not_found" },
    });
  });

  test("with a tag ends it at once, whichever it is", async () => {
    for (const path of ["events", "state"] as const) {
      const opened = await running();
      const waiting = wait(opened, opened.webset.id, { timeoutMs: 60_000 });
      await opened.fake.advance(1_500);
      opened.trouble.spoil = at(path, () => tagged);
      opened.record("webset.paused", { websetId: opened.webset.id });
      await expect(opened.fake.until(waiting)).rejects.toMatchObject({ kind: "forbidden", tag: "FEATURE_DISABLED" });
      expect(opened.fake.now()).toBeLessThan(7_000);
    }
  });

  test("of the account ends it also where it comes to the last look", async () => {
    const opened = await running();
    const waiting = wait(opened, opened.webset.id, { timeoutMs: 3_000 });
    await opened.fake.advance(500);
    opened.trouble.spoil = at("state", () => refusal(402, {}, { error: "No more credits", tag: "NO_MORE_CREDITS" }));
    await expect(opened.fake.until(waiting)).rejects.toMatchObject({ kind: "out_of_credits" });
  });

  test("that the Webset is not there, as the first one, may come before it was created", async () => {
    const opened = openFeedWorld();
    const waiting = wait(opened, "mine");
    await opened.fake.advance(1_000);
    opened.world.createWebset({ ...SEARCH, externalId: "mine" });
    expect((await opened.fake.until(waiting)).outcome).toBe("reached");
  });

  test("that the Webset is not there, as the only one, is an error also where the time ends before a second look", async () => {
    const opened = openFeedWorld();
    for (const timeoutMs of [0, 1_000, 10_000]) {
      const before = opened.fake.now();
      await expect(opened.fake.until(wait(opened, "nowhere", { timeoutMs }))).rejects.toMatchObject({
        kind: "not_found",
      });
      expect(opened.fake.now() - before).toBeLessThanOrEqual(2_000);
    }
  });
});

test("a wait whose process was stopped past its time looks once more, for up to five seconds", async () => {
  const opened = await running();
  // All that falls due while the process is stopped comes at its end.
  const { clock } = opened;
  let stoppedUntil = 0;
  const stopped = {
    ...clock,
    now: () => clock.now(),
    wallTime: () => clock.wallTime(),
    sleep: async (ms: number, signal?: AbortSignal) => {
      const due = clock.now() + ms;
      await clock.sleep(due < stoppedUntil ? stoppedUntil - clock.now() : ms, signal);
    },
  };
  stoppedUntil = opened.fake.now() + 100_000;
  const waiting = wait(opened, opened.webset.id, { clock: stopped, timeoutMs: 6_000 });
  await opened.fake.advance(1_000);
  opened.trouble.latency = () => 1_500;
  opened.trouble.spoil = at("events", () => refusal(503));
  const waited = await opened.fake.until(waiting);
  expect(waited).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
  expect(opened.fake.now()).toBeLessThan(3_000 + 100_000 + 5_000);
});

test.each([
  ["within its last look", { from: 100, to: 90_000 }],
  ["until less than a second after its time", { from: -500, to: 900 }],
])("a wait whose process was stopped %s tells what happened meanwhile", async (_, { from, to }) => {
  const endsAt = (await completedAt()) - 300;
  const stoppedFor = (now: number) => (now < endsAt + from ? 0 : Math.max(0, endsAt + to - now));
  const opened = await running({ stoppedFor });
  opened.trouble.latency = () => 90;
  opened.trouble.spoil = at("events", () => refusal(503));
  const timeoutMs = endsAt - opened.fake.now();
  const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs }));
  expect(waited).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
  expect(opened.fake.now()).toBeLessThan(endsAt + to + 1_000);
});

test("first looks that fail pause ever longer, up to 5 s, as later ones do", async () => {
  const opened = await running();
  opened.trouble.spoil = at("state", () => json(503));
  const failedAt: number[] = [];
  const onTransientError = (error: unknown) => void (error && failedAt.push(opened.fake.now()));
  await expect(
    opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 60_000, onTransientError })),
  ).rejects.toMatchObject({ kind: "unavailable" });
  const [first = 0, ...gaps] = failedAt.slice(1).map((ms, index) => ms - (failedAt[index] ?? 0));
  // Each look takes the same time, and the first pause is a second.
  expect(gaps.slice(0, 4).map((gap) => 1_000 + gap - first)).toEqual([2_000, 4_000, 5_000, 5_000]);
});
