import { expect, test } from "vitest";
import { ServerClock } from "../../src/exa/server-clock.ts";
import { FakeClock } from "../support/fake-clock.ts";

const SHOWN = Date.parse("2000-01-01T00:00:00Z");

test("goes on from the latest Date, however wrong our own clock is", async () => {
  const clock = new FakeClock();
  const server = new ServerClock(clock);
  expect(server.now()).toBeUndefined();
  server.note(SHOWN);
  await clock.advance(90_000);
  server.note(undefined);
  expect(server.now()).toBe(SHOWN + 90_000);
  server.note(SHOWN + 95_000);
  expect(server.now()).toBe(SHOWN + 95_000);
});

test("knows nothing any more after the machine slept or its clock was set", () => {
  const clock = { wall: 0, now: () => 0, wallTime: () => clock.wall, sleep: async () => {} };
  const server = new ServerClock(clock);
  server.note(SHOWN);
  clock.wall = 600_000;
  expect(server.now()).toBeUndefined();
  server.note(SHOWN + 600_000);
  expect(server.now()).toBe(SHOWN + 600_000);
});
