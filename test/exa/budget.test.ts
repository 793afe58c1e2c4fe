import { getEventListeners } from "node:events";
import { beforeEach, expect, test } from "vitest";
import { createRequestBudget, type RequestBudget, type Turn } from "../../src/exa/budget.ts";
import { FakeClock } from "../support/fake-clock.ts";

let clock: FakeClock;
let budget: RequestBudget;
let served: { name: string; at: number }[];

beforeEach(() => {
  clock = new FakeClock();
  budget = createRequestBudget(clock);
  served = [];
});

function ask(name: string, turn: Turn = {}): Promise<void> {
  return budget.acquire(turn).then(() => void served.push({ name, at: clock.now() }));
}

const names = () => served.map(({ name }) => name);
const times = () => served.map(({ at }) => at);

async function useUpTheBurst(): Promise<void> {
  for (let i = 0; i < 10; i++) await budget.acquire();
}

test("a burst of 10 goes at once, then one every 200 ms", async () => {
  for (let i = 0; i < 13; i++) void ask(`${i}`);
  await clock.advance(10_000);
  expect(times()).toEqual([...Array(10).fill(0), 200, 400, 600]);
  expect(names()).toEqual([...Array(13).keys()].map(String));
});

test("no window of time sees more than the burst and 5 a second", async () => {
  for (let i = 0; i < 100; i++) {
    void ask(`${i}`);
    await clock.advance((i * 37) % 90);
  }
  await clock.advance(60_000);
  expect(served).toHaveLength(100);
  for (const [first, { at: start }] of served.entries()) {
    for (const [last, { at: end }] of served.entries()) {
      if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(10 + (end - start) / 200 + 1e-9);
    }
  }
});

test("the burst comes back after a pause, but never grows beyond 10", async () => {
  await useUpTheBurst();
  await clock.advance(60_000);
  for (let i = 0; i < 11; i++) void ask(`${i}`);
  await clock.advance(1000);
  expect(times().map((at) => at - 60_000)).toEqual([...Array(10).fill(0), 200]);
});

test("groups take turns, and each keeps its own order", async () => {
  await useUpTheBurst();
  for (const name of ["a1", "a2", "a3"]) void ask(name, { group: "a" });
  for (const name of ["b1", "b2"]) void ask(name, { group: "b" });
  void ask("c1", { group: "c" });
  await clock.advance(2000);
  expect(names()).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
});

test("who comes later does not pass those who wait", async () => {
  await useUpTheBurst();
  void ask("first", { group: "a" });
  await clock.advance(199);
  void ask("second", { group: "b" });
  await clock.advance(1);
  expect(names()).toEqual(["first"]);
  await clock.advance(200);
  expect(names()).toEqual(["first", "second"]);
});

test("who stops waiting costs the others nothing and leaves nothing behind", async () => {
  await useUpTheBurst();
  const leaving = new AbortController();
  const staying = new AbortController();
  const left = ask("left", { group: "a", signal: leaving.signal });
  void ask("stayed", { group: "b", signal: staying.signal });
  leaving.abort();
  await expect(left).rejects.toMatchObject({ name: "AbortError" });
  await clock.advance(200);
  expect(served).toEqual([{ name: "stayed", at: 200 }]);
  for (const { signal } of [leaving, staying]) expect(getEventListeners(signal, "abort")).toHaveLength(0);
  expect(clock.sleeping).toBe(0);
});

test("when the last one stops waiting no timer stays, and the next one is served in its time", async () => {
  await useUpTheBurst();
  const leaving = new AbortController();
  const left = ask("left", { signal: leaving.signal });
  expect(clock.sleeping).toBe(1);
  leaving.abort();
  await expect(left).rejects.toMatchObject({ name: "AbortError" });
  await clock.advance(0);
  expect(clock.sleeping).toBe(0);
  await clock.advance(50);
  void ask("next");
  await clock.advance(1000);
  expect(served).toEqual([{ name: "next", at: 200 }]);
});

test("leaving and coming in the same moment keeps one timer", async () => {
  await useUpTheBurst();
  const leaving = new AbortController();
  const left = ask("left", { signal: leaving.signal });
  leaving.abort();
  void ask("next");
  await expect(left).rejects.toMatchObject({ name: "AbortError" });
  await clock.advance(0);
  expect(clock.sleeping).toBe(1);
  await clock.advance(200);
  expect(names()).toEqual(["next"]);
});

test("an aborted signal is refused at once and spends nothing", async () => {
  for (let i = 0; i < 20; i++) {
    await expect(budget.acquire({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  }
  for (let i = 0; i < 10; i++) void ask(`${i}`);
  await clock.advance(0);
  expect(served).toHaveLength(10);
});

const background = true;

test("calls go before looks in the background, whenever they come", async () => {
  await useUpTheBurst();
  for (const name of ["look1", "look2"]) void ask(name, { background });
  await clock.advance(100);
  for (const name of ["a1", "a2"]) void ask(name, { group: "a" });
  void ask("b1", { group: "b" });
  await clock.advance(10_000);
  expect(names()).toEqual(["a1", "b1", "a2", "look1", "look2"]);
  expect(times().slice(0, 3)).toEqual([200, 400, 600]);
});

test("400 looks in the background leave a call as fast as it is alone", async () => {
  for (let i = 0; i < 400; i++) void ask(`look${i}`, { group: `${i}`, background });
  await clock.advance(5_000);
  const before = served.length;
  for (let i = 0; i < 5; i++) void ask(`call${i}`, { group: "call" });
  await clock.advance(0);
  expect(names().slice(before, before + 4)).toEqual(["call0", "call1", "call2", "call3"]);
  await clock.advance(400);
  expect(names()).toContain("call4");
});

test("looks in the background keep a fifth of the requests, however many calls there are", async () => {
  await useUpTheBurst();
  for (let i = 0; i < 100; i++) void ask("call", { group: "a" });
  for (let i = 0; i < 100; i++) void ask("look", { background });
  await clock.advance(10_000);
  expect(served).toHaveLength(50);
  expect(names().filter((name) => name === "look")).toHaveLength(10);
});

test("they keep it also where no call ever has to wait", async () => {
  for (let i = 0; i < 6; i++) await budget.acquire();
  void ask("look", { background });
  for (let i = 0; i < 10; i++) {
    await clock.advance(200);
    void ask("call");
  }
  expect(names().indexOf("look")).toBeGreaterThan(-1);
  expect(names().indexOf("look")).toBeLessThanOrEqual(4);
});

test("looks alone are as fast as the API bears, in turns by their groups", async () => {
  for (const name of ["a1", "a2", "a3", "a4"]) void ask(name, { group: "a", background });
  for (const name of ["b1", "b2", "b3"]) void ask(name, { group: "b", background });
  await clock.advance(2000);
  expect(names()).toEqual(["a1", "a2", "a3", "a4", "b1", "b2", "b3"]);
  expect(times()).toEqual([0, 0, 0, 0, 0, 200, 400]);
});

test("no window of time sees more than the burst and 5 a second, whoever asks", async () => {
  for (let i = 0; i < 200; i++) {
    void ask(`${i}`, { group: `${i % 3}`, background: (i * 7) % 5 < 2 });
    await clock.advance((i * 37) % 230);
  }
  await clock.advance(60_000);
  expect(served).toHaveLength(200);
  for (const [first, { at: start }] of served.entries()) {
    for (const [last, { at: end }] of served.entries()) {
      if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(10 + (end - start) / 200 + 1e-9);
    }
  }
});

test("of calls and looks that stop waiting nothing stays", async () => {
  await useUpTheBurst();
  const leaving = new AbortController();
  const { signal } = leaving;
  const all = [ask("look", { background, signal }), ask("call", { signal }), ask("other", { group: "b", signal })];
  expect(clock.sleeping).toBe(1);
  leaving.abort();
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(Array(3).fill("rejected"));
  await clock.advance(0);
  expect(clock.sleeping).toBe(0);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  void ask("next", { background });
  await clock.advance(2000);
  expect(names()).toEqual(["next"]);
});
