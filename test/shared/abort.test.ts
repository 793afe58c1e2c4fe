import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { linkAbort, onAbort, orAbort, startTimeLimit } from "../../src/shared/abort.ts";
import { FakeClock } from "../support/fake-clock.ts";

test("a limit aborts when its time is up, and says that it was the time", async () => {
  const clock = new FakeClock();
  const limit = startTimeLimit(clock, 100);
  await clock.advance(99);
  expect(limit.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(limit).toMatchObject({ expired: true, signal: { aborted: true } });
});

test("a limit aborts with the outer signal, and then it was not the time", async () => {
  const clock = new FakeClock();
  const outer = new AbortController();
  const limit = startTimeLimit(clock, 100, outer.signal);
  outer.abort();
  expect(limit).toMatchObject({ expired: false, signal: { aborted: true } });
  await clock.advance(200);
  expect(limit.expired).toBe(false);
  expect(clock.sleeping).toBe(0);
});

test("a limit that was ended leaves no timer and no listener, and never aborts", async () => {
  const clock = new FakeClock();
  const outer = new AbortController();
  const limit = startTimeLimit(clock, 100, outer.signal);
  expect(getEventListeners(outer.signal, "abort")).toHaveLength(1);
  limit.end();
  await clock.advance(200);
  outer.abort();
  expect(limit).toMatchObject({ expired: false, signal: { aborted: false } });
  expect(getEventListeners(outer.signal, "abort")).toHaveLength(0);
  expect(clock.sleeping).toBe(0);
});

test("no time left means expired at once, unless the outer signal came first", () => {
  const clock = new FakeClock();
  expect(startTimeLimit(clock, 0)).toMatchObject({ expired: true, signal: { aborted: true } });
  expect(startTimeLimit(clock, -5, AbortSignal.abort())).toMatchObject({ expired: false, signal: { aborted: true } });
});

test("an unlimited time sets no timer", () => {
  const clock = new FakeClock();
  const limit = startTimeLimit(clock, Number.POSITIVE_INFINITY);
  expect(limit.signal.aborted).toBe(false);
  expect(clock.sleeping).toBe(0);
});

test("a promise that ignores the signal is left behind, and its own end is nobody's concern", async () => {
  const abort = new AbortController();
  let fail: (error: Error) => void = () => {};
  const waiting = orAbort(new Promise((_, reject) => (fail = reject)), abort.signal);
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  fail(new Error("too late"));
  await new Promise((resolve) => setImmediate(resolve));
});

test("a promise that settles leaves no listener", async () => {
  const { signal } = new AbortController();
  await expect(orAbort(Promise.resolve(5), signal)).resolves.toBe(5);
  await expect(orAbort(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("what is linked aborts with the first of the others, or by itself, and leaves no listener", () => {
  const [one, two] = [new AbortController(), new AbortController()];
  const links = [
    linkAbort(one.signal, two.signal),
    linkAbort(two.signal, undefined, one.signal),
    linkAbort(one.signal),
  ];
  two.abort();
  links[2]?.abort();
  for (const { signal } of links) expect(signal).toMatchObject({ aborted: true, reason: { name: "AbortError" } });
  for (const { signal } of [one, two]) expect(getEventListeners(signal, "abort")).toHaveLength(0);
  expect(one.signal.aborted).toBe(false);
  expect(linkAbort(one.signal, two.signal).signal.aborted).toBe(true);
  expect(getEventListeners(one.signal, "abort")).toHaveLength(0);
});

test("a link that was ended follows nobody any more, but still obeys", () => {
  const outer = new AbortController();
  const link = linkAbort(outer.signal);
  link.end();
  outer.abort();
  expect(link.signal.aborted).toBe(false);
  link.abort();
  expect(link.signal.aborted).toBe(true);
});

test("a limit that is aborted by hand has not expired, and leaves no timer", async () => {
  const clock = new FakeClock();
  const limit = startTimeLimit(clock, 100);
  limit.abort();
  await clock.advance(200);
  expect(limit).toMatchObject({ expired: false, signal: { aborted: true } });
  expect(clock.sleeping).toBe(0);
});

test("what is to happen on an abort happens once, at once where it has come, and not when taken back", () => {
  const abort = new AbortController();
  let times = 0;
  const count = () => times++;
  onAbort(undefined, count)();
  onAbort(abort.signal, count)();
  onAbort(abort.signal, count);
  expect(times).toBe(0);
  abort.abort();
  abort.abort();
  expect(times).toBe(1);
  onAbort(abort.signal, count);
  expect(times).toBe(2);
});
