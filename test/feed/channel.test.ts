import { expect, test } from "vitest";
import { Channels } from "../../src/feed/channel.ts";
import { TailMemory } from "../../src/feed/tail-memory.ts";
import { FakeClock } from "../support/fake-clock.ts";

test("of channels that nobody reads only the last ones used keep what their tails knew", () => {
  const channels = new Channels(new FakeClock());
  const kept = Array.from({ length: 10 }, (_, n) => {
    const memory = new TailMemory();
    channels.of([`type${n}`]).keepMemory(memory, 0);
    return memory;
  });
  const taken = kept.map((memory, n) => ({ memory, n })).toReversed();
  expect(taken.map(({ memory, n }) => channels.of([`type${n}`]).takeMemory(1) === memory)).toEqual([
    ...Array(8).fill(true),
    false,
    false,
  ]);
});
