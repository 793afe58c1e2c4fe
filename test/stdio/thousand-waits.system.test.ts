import { expect } from "vitest";
import { ERAS, type Session } from "../support/eras.ts";
import { eventually } from "../support/eventually.ts";
import { peakMiB } from "../support/memory.ts";
import { test } from "../support/stdio-test.ts";

const WAITS = 1_000;
const POLL_SECONDS = 1;
/** Node 24 takes some 15 MiB more than 20 and 22 before any of our code runs, and keeps more of what it has freed. */
const MOST_MIB = Number(process.versions.node.split(".")[0]) < 24 ? 150 : 190;

const waitOnce = (session: Session, timeoutSeconds: number) =>
  session.call("wait_for_webset_event", { types: ["webset.idle"], timeoutSeconds });

test("1,000 waits at once are one poll loop, end in their time and stay small", async ({
  startProgram,
  startSandbox,
}) => {
  const upstream = await startSandbox();
  const session = await ERAS[0].open(startProgram(["--poll-interval", String(POLL_SECONDS)], upstream.env));
  const waitAll = (timeoutSeconds: number) =>
    Promise.all(Array.from({ length: WAITS }, () => waitOnce(session, timeoutSeconds)));
  /** What a wait does, and how many requests it takes beyond one for each poll interval. */
  const measure = async <T>(waiting: () => Promise<T>) => {
    const [asked, startedAt] = [upstream.requests.total, performance.now()];
    const result = await waiting();
    const polls = (performance.now() - startedAt) / 1_000 / POLL_SECONDS;
    return { result, extra: upstream.requests.total - asked - polls };
  };

  const alone = await measure(() => waitOnce(session, 2));
  const unmatched = await measure(() => waitAll(2));
  expect(unmatched.extra).toBeLessThanOrEqual(alone.extra + 1);
  for (const { value } of unmatched.result) {
    expect(value).toMatchObject({ outcome: "quiet", events: [] });
    expect(value.waitedSeconds).toBeLessThan(2 * alone.result.value.waitedSeconds);
  }

  const before = upstream.requests.total;
  const matched = await measure(async () => {
    const waiting = waitAll(20);
    await eventually(() => upstream.requests.total > before + 1, { what: "polling" });
    upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 1 } });
    return waiting;
  });
  expect(matched.extra).toBeLessThanOrEqual(alone.extra + 1);
  const [idle] = upstream.world.events.walk({ order: "newest-first", types: ["webset.idle"] });
  for (const { value } of matched.result) {
    expect(value).toMatchObject({ outcome: "events", events: [{ id: idle?.event.id }] });
  }
  expect(peakMiB(session.program.child.pid ?? 0)).toBeLessThan(MOST_MIB);
  expect(session.program.stderr).toBe("");
});
