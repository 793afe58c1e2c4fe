import { FakeClock } from "../support/fake-clock.ts";
import { MemoryState } from "../support/memory-state.ts";
import { describeState } from "./contract.ts";

describeState("in memory", async () => {
  const clock = new FakeClock();
  const state = new MemoryState(clock);
  return {
    one: state,
    other: state,
    lose: async ({ name }) => state.expire(name),
    pass: (ms) => clock.advance(ms),
    close: () => state.close(),
  };
});
