import { describe, expect, test } from "vitest";
import type { Webset } from "../../src/sandbox/resources.ts";
import { orAbort } from "../../src/shared/abort.ts";
import { type FeedWorld, type FeedWorldOptions, openFeedWorld } from "../support/feed-world.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { ACCOUNT_REFUSALS, gatewayPage, refusal } from "../support/pages.ts";
import { stateRequests, wait } from "./waiting.ts";

const SEARCH = { search: { query: "Robot makers in Europe", count: 3 } };

/** When each kind of event happens first in the life of a Webset: the same for every world. */
async function timesOf(parameters: Parameters<FeedWorld["world"]["createWebset"]>[0]): Promise<Record<string, number>> {
  const { world, fake, start } = openFeedWorld();
  world.createWebset(parameters);
  await fake.advance(300_000);
  const times: Record<string, number> = {};
  for (const { event, time } of world.events.walk({ order: "oldest-first" })) times[event.type] ??= time - start;
  return times;
}

/** A world with a Webset, at a moment of its life. */
async function at(ms: number, options: FeedWorldOptions = {}, parameters: object = SEARCH) {
  const opened = openFeedWorld(options);
  const webset = opened.world.createWebset(parameters);
  await opened.fake.advance(ms);
  return { ...opened, webset, searchId: webset.searches[0]?.id ?? "" };
}

describe("waiting for a search", () => {
  test("that completed before takes one request", async () => {
    const opened = await at(100_000, { latency: () => 100 });
    for (const searchId of [undefined, opened.searchId]) {
      const { requests, fake, webset } = opened;
      requests.length = 0;
      const waited = await fake.until(wait(opened, webset.id, { searchId }));
      expect(waited).toMatchObject({
        outcome: "reached",
        progress: { status: "idle", searches: [{ status: "completed" }] },
      });
      expect(waited.waitedMs).toBe(200);
      expect(requests).toHaveLength(1);
    }
  });

  test("ends within a poll of the completion, whenever that falls between its steps", async () => {
    const completed = (await timesOf(SEARCH))["webset.search.completed"] ?? 0;
    for (const dates of [true, false]) {
      for (const delay of [0, 2_500, 5_000]) {
        for (let before = -300; before <= 2_600; before += 145) {
          const options = { dates, latency: () => 110, visibilityDelay: () => delay };
          const opened = await at(completed - before, options);
          const waited = await opened.fake.until(wait(opened, opened.webset.id));
          expect(waited.outcome).toBe("reached");
          const after = opened.fake.now() - (completed + delay);
          expect(after).toBeLessThan(Math.max(dates ? 2_300 : 2_800, 1_500 - before));
          expect(opened.feed.tails).toBe(0);
          expect(opened.fake.sleeping).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  test("that completed just before, while the state does not show it yet, is told by its event", async () => {
    const completed = (await timesOf(SEARCH))["webset.search.completed"] ?? 0;
    const opened = await at(completed - 100);
    const frozen = JSON.stringify(opened.world.getWebset(opened.webset.id));
    await opened.fake.advance(3_000);
    opened.trouble.spoil = async ({ url }, next) => {
      const answer = await next();
      return url.pathname.endsWith("/events") ? answer : { ...answer, body: frozen };
    };
    const waited = await opened.fake.until(wait(opened, opened.webset.id));
    expect(waited).toMatchObject({ outcome: "reached", progress: { searches: [{ status: "completed" }] } });
    expect(waited.waitedMs).toBeLessThan(1_000);
  });

  test("times out with the progress of then, and goes on in the next call", async () => {
    const opened = await at(3_000, { latency: () => 50 });
    const first = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 4_000 }));
    expect(first).toMatchObject({ outcome: "still_running", progress: { searches: [{ status: "running" }] } });
    expect(first.waitedMs).toBeLessThan(4_200);
    expect(first.lastError).toBeUndefined();
    expect(first.progress).toMatchObject({
      searches: [{ found: opened.world.getWebset(opened.webset.id).searches[0]?.progress.found }],
    });
    const second = await opened.fake.until(wait(opened, opened.webset.id));
    expect(second.outcome).toBe("reached");
    expect(second.position?.since).toBeLessThanOrEqual(opened.now());
    expect(second.position?.since).toBeGreaterThan(opened.now() - 8_000);
  });

  test("for so many items ends once they are found, and stops where there will be fewer", async () => {
    const opened = await at(1_000, { latency: () => 50 }, { search: { query: "Robot makers in Europe", count: 20 } });
    const waited = await opened.fake.until(wait(opened, opened.webset.id, { until: { items: 4 }, timeoutMs: 60_000 }));
    expect(waited).toMatchObject({ outcome: "reached", progress: { searches: [{ status: "running" }] } });
    const found = waited.progress?.searches[0]?.found;
    expect(found).toBeGreaterThanOrEqual(4);
    expect(found).toBeLessThan(20);
    const others = { until: { items: 21 }, timeoutMs: 120_000 };
    expect(await opened.fake.until(wait(opened, opened.webset.id, others))).toMatchObject({ outcome: "stopped" });
    opened.world.deleteWebset(opened.webset.id);
  });

  test("for so many items goes on where a search that nothing told of may find more", async () => {
    const { "webset.search.completed": endsAt = 0 } = await timesOf(SEARCH);
    const opened = await at(endsAt - 3_000);
    const { world, webset, fake } = opened;
    const waiting = wait(opened, webset.id, { until: { items: 5 }, timeoutMs: 200_000 });
    await fake.advance(1_000);
    world.createSearch(webset.id, { query: "Robot makers in Asia", count: 4, behavior: "append" });
    expect(await fake.until(waiting)).toMatchObject({ outcome: "reached" });
  });

  test("of no time at all looks once", async () => {
    const opened = await at(3_000, { latency: () => 50 });
    const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 0 }));
    expect(waited).toMatchObject({ outcome: "still_running", waitedMs: 100 });
    expect(opened.requests).toHaveLength(1);
  });

  test("that the Webset does not list is asked for by itself", async () => {
    const opened = await at(3_000);
    opened.trouble.spoil = async ({ url }, next) => {
      const answer = await next();
      if (!/\/websets\/[^/]+$/.test(url.pathname)) return answer;
      return { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body), searches: [] }) };
    };
    const waiting = wait(opened, opened.webset.id, { searchId: opened.searchId });
    expect(await opened.fake.until(waiting)).toMatchObject({
      outcome: "reached",
      progress: { searches: [{ status: "completed" }] },
    });
    expect(opened.requests.filter(({ path }) => path.includes("/searches/"))).toHaveLength(1);
  });

  test("that there is not, in a Webset that there is or is not, is not_found", async () => {
    const opened = await at(3_000);
    await expect(opened.fake.until(wait(opened, opened.webset.id, { searchId: "search_x" }))).rejects.toMatchObject({
      kind: "not_found",
    });
    await expect(opened.fake.until(wait(opened, "nowhere"))).rejects.toMatchObject({ kind: "not_found" });
  });

  test("does not mean those that are begun later, unless there was none", async () => {
    const opened = await at(1_000);
    const waiting = wait(opened, opened.webset.id, { timeoutMs: 60_000 });
    await opened.fake.advance(100);
    opened.world.createSearch(opened.webset.id, { query: "Another one", count: 500, behavior: "append" });
    const { outcome, progress } = await opened.fake.until(waiting);
    expect(outcome).toBe("reached");
    expect(progress?.searches[0]?.status).toBe("completed");
    expect(opened.fake.now()).toBeLessThan(30_000);
  });

  test("means all that are unfinished at the call", async () => {
    const opened = await at(0);
    opened.world.createSearch(opened.webset.id, { query: "Another one", count: 3, behavior: "append" });
    const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 120_000 }));
    expect(waited.progress?.searches.map(({ status }) => status)).toEqual(["completed", "completed"]);
  });

  test("takes an externalId, and follows the Webset that has it at the call", async () => {
    const opened = await at(100_000, {}, { ...SEARCH, externalId: "mine" });
    expect((await opened.fake.until(wait(opened, "mine"))).outcome).toBe("reached");
    opened.world.deleteWebset("mine");
    const again = opened.world.createWebset({ ...SEARCH, externalId: "mine" });
    const waiting = wait(opened, "mine");
    await opened.fake.advance(5_000);
    const waited = await opened.fake.until(waiting);
    expect(waited).toMatchObject({ outcome: "reached", progress: { websetId: again.id } });
    expect(opened.fake.now()).toBeGreaterThan(108_000);
  });

  test("goes by an answer of after the call, though one of before it is under way", async () => {
    const opened = await at(100_000, { latency: () => 200 });
    const other = wait(opened, opened.webset.id);
    await opened.fake.advance(250);
    opened.world.createSearch(opened.webset.id, { query: "Another one", count: 3, behavior: "append" });
    const waiting = wait(opened, opened.webset.id);
    expect((await opened.fake.until(other)).outcome).toBe("reached");
    expect((await opened.fake.until(waiting)).waitedMs).toBeGreaterThan(8_000);
  });

  test("polls less often while it lacks items, and is not told any later for that, whatever it says of the time left", async () => {
    const many = { search: { ...SEARCH.search, count: 60 } };
    const completed = (await timesOf(many))["webset.search.completed"] ?? 0;
    const silent = (body: string) => body.replaceAll(/"found":\d+/g, '"found":null');
    const wrong = (factor: number) => (body: string) =>
      body.replaceAll(/(?<="timeLeft":)\d+/g, (left) => String(Math.round(Number(left) * factor)));
    const lists: number[] = [];
    for (const change of [silent, wrong(1), wrong(4), wrong(0.25)]) {
      const opened = await at(10_000, {}, many);
      opened.trouble.spoil = async (_, next) => {
        const answer = await next();
        return { ...answer, body: change(answer.body) };
      };
      const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 300_000 }));
      expect(waited.outcome).toBe("reached");
      expect(opened.fake.now() - completed).toBeLessThan(1_100);
      const gaps = opened.lists().map(({ at }, index, all) => at - (all[index - 1]?.at ?? at));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(2_000);
      lists.push(opened.lists().length);
    }
    const [untold = 0, ...told] = lists;
    expect(Math.max(...told)).toBeLessThan(0.75 * untold);
    expect(untold).toBeLessThan(110);
  });

  test("tells its progress as it changes", async () => {
    const opened = await at(0);
    const told: string[] = [];
    await opened.fake.until(wait(opened, opened.webset.id, { onProgress: ({ summary }) => told.push(summary) }));
    expect(told.length).toBeGreaterThan(4);
    expect(told[0]).toContain("0 of 3 found");
    expect(told.at(-1)).toContain("completed");
  });
});

describe("a wait for a Webset ends", () => {
  test("when its search is canceled, with the Webset or alone, before or after the call", async () => {
    for (const cancel of ["cancelWebset", "cancelSearch"] as const) {
      for (const when of ["before", "after"]) {
        const opened = await at(4_000, { latency: () => 60 });
        const { id } = opened.webset;
        const act = () => opened.world[cancel](id, opened.searchId);
        if (when === "before") act();
        const waiting = wait(opened, id);
        await opened.fake.advance(700);
        if (when === "after") act();
        expect((await opened.fake.until(waiting)).outcome).toBe("canceled");
        expect(opened.fake.now()).toBeLessThan(7_000);
      }
    }
  });

  test("when it is paused, before or after the call, whatever it waits for", async () => {
    for (const until of ["search_completed", "idle"] as const) {
      for (const when of ["before", "after"]) {
        const opened = await at(4_000);
        if (when === "before") opened.world.pauseWebset(opened.webset.id);
        const waiting = wait(opened, opened.webset.id, { until });
        await opened.fake.advance(700);
        if (when === "after") opened.world.pauseWebset(opened.webset.id);
        expect(await opened.fake.until(waiting)).toMatchObject({ outcome: "paused", progress: { status: "paused" } });
        expect(opened.fake.now()).toBeLessThan(6_500);
      }
    }
  });

  test("when it is paused while its state cannot be looked at, as soon as it can", async () => {
    const opened = await at(4_000);
    const waiting = wait(opened, opened.webset.id, { timeoutMs: 60_000 });
    await opened.fake.advance(700);
    let down = true;
    opened.trouble.spoil = async ({ url }, next) => (down && !url.pathname.endsWith("/events") ? refusal(503) : next());
    opened.world.pauseWebset(opened.webset.id);
    await opened.fake.advance(15_000);
    down = false;
    expect((await opened.fake.until(waiting)).outcome).toBe("paused");
    expect(opened.fake.now()).toBeLessThan(26_000);
  });

  test("not by a pause that was over before anybody could see it", async () => {
    const opened = await at(4_000);
    const waiting = wait(opened, opened.webset.id);
    await opened.fake.advance(100);
    opened.world.pauseWebset(opened.webset.id);
    await opened.fake.advance(300);
    opened.world.resumeWebset(opened.webset.id);
    expect((await opened.fake.until(waiting)).outcome).toBe("reached");
  });

  test("when it is deleted, whatever it waits for, however late the event, and whether or not searches were running", async () => {
    for (const until of ["search_completed", "idle"] as const) {
      for (const delay of [0, 5_000]) {
        const opened = await at(4_000, { visibilityDelay: () => delay });
        const waiting = wait(opened, opened.webset.id, { until });
        await opened.fake.advance(700);
        opened.world.deleteWebset(opened.webset.id);
        expect((await opened.fake.until(waiting)).outcome).toBe("deleted");
        // The search has time left by its own word, so polls may be up to five intervals apart.
        expect(opened.fake.now()).toBeLessThan(10_500 + delay);
      }
    }
    const still = await at(4_000, {}, {});
    const enriched = still.world.createWebset(SEARCH);
    still.world.cancelWebset(enriched.id);
    const other = wait(still, still.webset.id);
    expect((await still.fake.until(other)).outcome).toBe("reached");
  });

  test("as deleted though a lagging state still shows it, with its searches canceled for that reason", async () => {
    const opened = await at(4_000);
    const frozen: Webset = opened.world.getWebset(opened.webset.id);
    const waiting = wait(opened, opened.webset.id);
    await opened.fake.advance(700);
    opened.trouble.spoil = async ({ url }, next) => {
      const answer = await next();
      return url.pathname.includes("/websets/v0/websets/")
        ? { ...answer, status: 200, body: JSON.stringify(frozen) }
        : answer;
    };
    opened.world.deleteWebset(opened.webset.id);
    expect((await opened.fake.until(waiting)).outcome).toBe("deleted");
    expect(opened.fake.now()).toBeLessThan(10_500);
  });

  test("when it is idle, also if that was over before anybody could see it", async () => {
    const times = await timesOf(SEARCH);
    const idle = times["webset.idle"] ?? 0;
    expect(idle).toBeGreaterThan(times["webset.search.completed"] ?? 0);
    for (const gap of [1, 10, 400]) {
      const opened = await at(idle - 3_000);
      const waiting = wait(opened, opened.webset.id, { until: "idle", timeoutMs: 60_000 });
      await opened.fake.advance(3_000 + gap);
      opened.world.createSearch(opened.webset.id, { query: "Another one", count: 500, behavior: "append" });
      const waited = await opened.fake.until(waiting);
      expect(waited.outcome).toBe("reached");
      expect(stateRequests(opened)).toBe(1);
      expect(opened.fake.now()).toBeLessThan(idle + 2_000);
    }
  });

  test("not by an idle moment of before the call, which its events still tell of", async () => {
    const idle = (await timesOf(SEARCH))["webset.idle"] ?? 0;
    for (const until of ["search_completed", "idle"] as const) {
      const opened = await at(idle + 100);
      opened.world.createSearch(opened.webset.id, { query: "Another one", count: 5, behavior: "append" });
      await opened.fake.advance(600);
      const waited = await opened.fake.until(wait(opened, opened.webset.id, { until, timeoutMs: 120_000 }));
      expect(waited.outcome).toBe("reached");
      expect(waited.waitedMs).toBeGreaterThan(10_000);
      expect(waited.progress?.searches.map(({ status }) => status)).toEqual(["completed", "completed"]);
    }
  });

  test.each(ACCOUNT_REFUSALS)(
    "within one poll when the key comes to be %s, and at once when it was",
    async (kind, answer) => {
      const opened = await at(4_000);
      const waiting = wait(opened, opened.webset.id);
      await opened.fake.advance(2_500);
      opened.trouble.spoil = async () => answer;
      await opened.fake.advance(5_000);
      await expect(waiting).rejects.toMatchObject({ kind });
      await expect(opened.fake.until(wait(opened, opened.webset.id))).rejects.toMatchObject({ kind });
      expect(opened.feed.tails).toBe(0);
    },
  );

  test.each([401, 403, 404, 502, 522])("not for a gateway's page under %i", async (status) => {
    const opened = await at(4_000);
    const waiting = wait(opened, opened.webset.id, { timeoutMs: 200_000 });
    await opened.fake.advance(2_500);
    let bad = true;
    opened.trouble.spoil = async (_, next) => (bad ? gatewayPage(status) : next());
    await opened.fake.advance(10_000);
    bad = false;
    expect((await opened.fake.until(waiting)).outcome).toBe("reached");
  });

  test.each(["search_completed", "idle"] as const)(
    "as stopped where the Webset is idle and its search has a status nobody knows (%s)",
    async (until) => {
      const opened = await at(4_000);
      opened.trouble.spoil = async (_, next) => {
        const answer = await next();
        return { ...answer, body: answer.body.replaceAll('"status":"completed"', '"status":"failed"') };
      };
      const waiting = wait(opened, opened.webset.id, { until, timeoutMs: 200_000 });
      const { outcome, progress } = await opened.fake.until(waiting);
      expect(outcome).toBe("stopped");
      expect(progress).toMatchObject({ status: "idle", searches: [{ status: "failed" }] });
      expect(progress?.summary).toMatch(/^idle; search failed: /);
      const again = await opened.fake.until(wait(opened, opened.webset.id, { until, timeoutMs: 200_000 }));
      expect(again).toMatchObject({ outcome: "stopped", waitedMs: 0 });
    },
  );

  test("by its time and a second, whatever the upstream does", async () => {
    for (const latency of [0, 200, 420, 700, 1_500, 40_000]) {
      for (const timeoutMs of [0, 300, 2_000, 6_000]) {
        for (const dates of [true, false]) {
          const opened = await at(4_000, { dates });
          opened.trouble.latency = () => latency;
          await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs }).catch(() => {}));
          expect(opened.fake.now() - 4_000).toBeLessThanOrEqual(timeoutMs + 1_000);
          expect(opened.feed.tails).toBe(0);
        }
      }
    }
  });

  test("as unavailable, since when, if no look succeeded in its whole time; with a warning if one did", async () => {
    const opened = await at(4_000);
    opened.trouble.spoil = async () => refusal(503);
    await expect(opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 10_000 }))).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("since 2026-11-01T12:00:04.000Z"),
    });
    const lucky = await at(4_000);
    const waiting = wait(lucky, lucky.webset.id, { timeoutMs: 3_000 });
    await lucky.fake.advance(500);
    lucky.trouble.spoil = async () => refusal(503);
    const waited = await lucky.fake.until(waiting);
    expect(waited).toMatchObject({ outcome: "still_running", lastError: { kind: "unavailable" } });
  });

  test("with a warning where the API has fallen silent, and without one where only the last look is slow", async () => {
    for (const [silentFor, warns] of [
      [7_000, true],
      [500, false],
    ] as const) {
      const opened = await at(1_000);
      const waiting = wait(opened, opened.webset.id, { timeoutMs: 9_000 });
      await opened.fake.advance(9_000 - silentFor);
      opened.trouble.spoil = ({ signal }) => orAbort(new Promise(() => {}), signal);
      const waited = await opened.fake.until(waiting);
      expect(waited.outcome).toBe("still_running");
      expect(waited.lastError?.message).toEqual(warns ? expect.stringContaining("did not answer for") : undefined);
    }
  });

  test("without a warning where it was too short for more than a look, and something else is under way", async () => {
    // After so long without a sign of life the account is asked, too.
    const opened = await at(20_000, { latency: () => 240 });
    opened.trouble.spoil = async ({ url, signal }, next) => {
      if (url.pathname.endsWith("/me")) return orAbort(new Promise(() => {}), signal);
      const answer = await next();
      const body = answer.body
        .replaceAll(/"(found|analyzed)":\d+/g, '"$1":0')
        .replaceAll(/"completed"|"idle"/g, '"running"');
      return { ...answer, body };
    };
    const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 0 }));
    expect(waited).toMatchObject({ outcome: "still_running" });
    expect(waited.lastError).toBeUndefined();
  });

  test("by what is true then, where the process was stopped past its time before its first look was answered", async () => {
    const opened = await at(1_000, {
      latency: () => 100,
      stoppedFor: (now) => (now < 1_150 ? 0 : Math.max(0, 100_000 - now)),
    });
    const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 0 }));
    expect(waited).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
  });

  test("after one look that took longer than its time, if it was given that", async () => {
    const opened = await at(1_000, { latency: () => 1_500 }, { search: { ...SEARCH.search, count: 300 } });
    const begun = opened.fake.now();
    const waited = await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 0, firstReadingMs: 60_000 }));
    expect(waited).toMatchObject({ outcome: "still_running" });
    expect(opened.fake.now() - begun).toBe(3_000);
  });

  describe("where the process was stopped before a Webset that was not found was looked for once more", () => {
    const wokenUp = async (latencyMs: number) => {
      const opened = await at(1_000, {
        latency: () => latencyMs,
        stoppedFor: (now) => (now < 3_000 ? 0 : Math.max(0, 100_000 - now)),
      });
      const answers = [refusal(404)];
      opened.trouble.spoil = async (_, next) => answers.pop() ?? next();
      return opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 12_000 }));
    };

    test("by what is true then", async () => {
      expect(await wokenUp(600)).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
    });

    test("as unanswered, and not as unknown, if that takes too long", async () => {
      await expect(wokenUp(2_500)).rejects.toMatchObject({ kind: "unavailable" });
    });
  });

  test("as usual when everything fails now and then, also before the first look and without a Date", async () => {
    for (const dates of [true, false]) {
      const opened = await at(1_000, { dates });
      let n = 0;
      opened.trouble.spoil = async (_, next) => (n++ % 6 < 5 ? refusal(500 + (n % 4)) : next());
      expect((await opened.fake.until(wait(opened, opened.webset.id, { timeoutMs: 200_000 }))).outcome).toBe("reached");
    }
  });

  test("as unavailable with what is known of the attempt under way, if its only look stalls", async () => {
    const opened = openFeedWorld({ spoil: () => new Promise(() => {}) });
    await expect(opened.fake.until(wait(opened, "ws_1", { timeoutMs: 1_000 }))).rejects.toThrow(
      /^There was no usable answer since .*: the API did not answer for Webset "ws_1" .*\(asked at 127\.0\.0\.1:1\)$/,
    );
  });

  test("at once when it is canceled, at any moment, and leaves nothing behind", async () => {
    for (const after of [0, 40, 130, 250, 1_000, 1_300, 9_000]) {
      for (const dates of [true, false]) {
        const opened = openFeedWorld({ dates, latency: () => 90 });
        opened.record("webset.search.updated", { at: opened.start - 60_000 });
        opened.trouble.spoil = async ({ url }, next) => {
          const answer = await next();
          if (!url.pathname.endsWith("/websets/ws")) return answer;
          return { ...answer, status: 200, body: JSON.stringify({ id: "ws", status: "running" }) };
        };
        const stop = new AbortController();
        const waiting = wait(opened, "ws", { signal: stop.signal });
        await opened.fake.advance(after);
        stop.abort();
        await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
        await opened.fake.advance(0);
        expectNothingLeft(opened, stop.signal);
      }
    }
  });
});

test("fifty waits on fifty Websets ask for two states each, and poll once a second together", async () => {
  for (const until of ["search_completed", "idle"] as const) {
    const opened = openFeedWorld({ budgeted: true });
    const websets = Array.from({ length: 50 }, () => opened.world.createWebset(SEARCH));
    const waits = websets.map(({ id }) => wait(opened, id, { until, timeoutMs: 60_000 }));
    const outcomes = await opened.fake.until(Promise.all(waits));
    expect(outcomes.every(({ outcome }) => outcome === "reached")).toBe(true);
    expect(stateRequests(opened)).toBeLessThanOrEqual(100);
    // So many Websets tell so much that a poll can have a second page.
    const polls = opened.lists().filter(({ query }) => !query.has("cursor"));
    expect(polls.length).toBeLessThanOrEqual(opened.fake.now() / 1_000 + 1);
  }
});
