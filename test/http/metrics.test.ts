import { expect, test } from "vitest";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryState } from "../support/memory-state.ts";
import { openHttp } from "./support.ts";

/** A shared state that can be away. */
class Shared extends MemoryState {
  override answers = true;
}

test("what is measured tells whether the shared state answers, where there is one", async () => {
  const clock = new FakeClock();
  const state = new Shared(clock);
  const [sharing, alone] = await Promise.all([openHttp({ clock, state }), openHttp({ clock })]);
  const told = async (origin: string) => /_state_up (\d)$/m.exec(await (await fetch(`${origin}/metrics`)).text())?.[1];
  expect(await told(sharing.origin)).toBe("1");
  state.answers = false;
  expect(await told(sharing.origin)).toBe("0");
  expect(await told(alone.origin)).toBeUndefined();
});
