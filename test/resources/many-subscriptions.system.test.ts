import { expect, onTestFinished, test } from "vitest";
import { Subscriptions } from "../../src/resources/subscriptions.ts";
import { silentLog } from "../../src/shared/log.ts";
import { lookAtWebset } from "../../src/webset/observe.ts";
import { waitForWebset } from "../../src/webset/wait.ts";
import { openWorld } from "./in-process.ts";

const { signal } = new AbortController();
const LATENCY_MS = 100;

test.each([30, 400])(
  "calls answer as if %i running Websets were not subscribed to, and each of those is told of",
  async (many) => {
    const opened = openWorld({ speed: 0.2 });
    const { clock, feed, states, exa, world, trouble } = opened;
    const through = trouble.intercept.bind(trouble);
    trouble.intercept = async (request, next) => {
      await clock.sleep(LATENCY_MS);
      return through(request, next);
    };
    const ids: string[] = [];
    for (let n = 0; n < many; n++) {
      ids.push(world.createWebset({ search: { query: "Robot makers in Europe", count: 50 } }).id);
      await clock.advance(10);
    }
    const told = new Set<string>();
    const subscriptions = new Subscriptions({ states, feed, clock, log: silentLog });
    onTestFinished(() => subscriptions.close());
    subscriptions.notify = (uri) => told.add(uri);
    const begun = Promise.all(ids.map((id) => subscriptions.add("all", `websets://${id}`, id)));
    await clock.until(begun);
    // One look alone, and then pages that all share.
    expect(clock.now()).toBeLessThan(many * 10 + 2_000);

    for (let turn = 0; turn < 5; turn++) {
      const websetId = ids[turn] as string;
      let askedAt = clock.now();
      await clock.until(lookAtWebset(websetId, { states, feed, signal }));
      expect(clock.now() - askedAt).toBeLessThan(1_500);
      askedAt = clock.now();
      const wait = { exa, states, feed, clock, websetId, until: "idle" as const, timeoutMs: 2_000, signal };
      expect((await clock.until(waitForWebset(wait))).outcome).toBe("still_running");
      expect(clock.now() - askedAt).toBeLessThan(2_000 + 1_000);
    }
    const before = opened.sandbox.requests.total;
    await clock.advance(60_000);
    // A page of Websets a second, and a poll of one or two pages.
    expect((opened.sandbox.requests.total - before) / 60).toBeLessThan(3);
    expect(told.size).toBe(many);
  },
);
