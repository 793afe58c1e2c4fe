import { describe, expect, test } from "vitest";
import { type ProgressOptions, startProgress } from "../../src/tools/call.ts";
import { FakeClock } from "../support/fake-clock.ts";

type Sent = { at: number; progress: number; total: number; message?: string; progressToken: string | number };

function start(options: Partial<ProgressOptions> = {}) {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const progress = startProgress({
    clock,
    token: "token",
    limitSeconds: 60,
    notify: async ({ params }) => {
      sent.push({ at: clock.now(), ...params });
    },
    ...options,
  });
  return { clock, sent, ...progress };
}

describe("progress", () => {
  test("goes out at once, with the line that was set meanwhile", async () => {
    const { clock, sent, report, stop } = start();
    report("0 of 1 events");
    await clock.advance(0);
    expect(sent).toEqual([{ at: 0, progressToken: "token", progress: 0, total: 60, message: "0 of 1 events" }]);
    stop();
  });

  test("without a line goes out all the same", async () => {
    const { clock, sent, stop } = start();
    await clock.advance(0);
    expect(sent).toEqual([{ at: 0, progressToken: "token", progress: 0, total: 60 }]);
    stop();
  });

  test("goes out at least every five seconds where nothing is new", async () => {
    const { clock, sent, stop } = start();
    await clock.advance(21_000);
    expect(sent.map(({ at, progress }) => [at, progress])).toEqual([
      [0, 0],
      [5_000, 5],
      [10_000, 10],
      [15_000, 15],
      [20_000, 20],
    ]);
    stop();
  });

  test("goes out with news within a second, and no more often than that", async () => {
    const { clock, sent, report, stop } = start();
    for (let tenth = 0; tenth < 35; tenth++) {
      report(`line ${tenth}`);
      await clock.advance(100);
    }
    expect(sent.map(({ at }) => at)).toEqual([0, 1_000, 2_000, 3_000]);
    expect(sent.map(({ message }) => message)).toEqual(["line 0", "line 9", "line 19", "line 29"]);
    stop();
  });

  test("is not sent again for a line that was set again", async () => {
    const { clock, sent, report, stop } = start();
    for (let second = 0; second < 4; second++) {
      report("the same");
      await clock.advance(1_000);
    }
    expect(sent).toHaveLength(1);
    stop();
  });

  test("grows each time, even if the clock hardly moves", async () => {
    const clock = new FakeClock();
    const sent: number[] = [];
    const slow = { ...clock, now: () => clock.now() / 100, sleep: clock.sleep.bind(clock), wallTime: () => 0 };
    const { report, stop } = startProgress({
      clock: slow,
      token: 1,
      limitSeconds: 60,
      notify: async ({ params }) => {
        sent.push(params.progress);
      },
    });
    for (let line = 0; line < 5; line++) {
      report(`line ${line}`);
      await clock.advance(1_000);
    }
    expect(sent).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    stop();
  });

  test("ends with stop: nothing is sent after it, and no timer stays", async () => {
    const { clock, sent, report, stop } = start();
    await clock.advance(1_500);
    stop();
    report("late news");
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
  });

  test("is not sent at all where the call ends in its first turn", async () => {
    const { clock, sent, stop } = start();
    stop();
    await clock.advance(60_000);
    expect(sent).toEqual([]);
  });

  test.each([
    ["without a token", { token: undefined }],
    ["for a call that does not wait", { limitSeconds: undefined }],
  ])("is not sent %s", async (_what, options) => {
    const { clock, sent, report, stop } = start(options);
    report("line");
    await clock.advance(60_000);
    expect(sent).toEqual([]);
    expect(clock.sleeping).toBe(0);
    stop();
  });

  test("may have a token of zero or of no letters", async () => {
    for (const token of [0, ""]) {
      const { clock, sent, stop } = start({ token });
      await clock.advance(0);
      expect(sent[0]?.progressToken).toBe(token);
      stop();
    }
  });

  test("that cannot be sent harms nobody", async () => {
    let tries = 0;
    const { clock, stop } = start({
      notify: async () => {
        tries++;
        throw new Error("the host has gone");
      },
    });
    await clock.advance(11_000);
    expect(tries).toBe(3);
    stop();
  });
});
