import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/shared/clock.ts";
import { abortError } from "../../src/shared/errors.ts";
import { eventually } from "../support/eventually.ts";
import { MemoryState } from "../support/memory-state.ts";
import { A_KEY, B_KEY, openHttp } from "./support.ts";

const wait = { jsonrpc: "2.0", id: 1.5, method: "tools/call", params: { name: "wait_for_webset_event" } };
const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1.5 } };

/** An instance whose API never answers. */
async function openHung(state: MemoryState) {
  const asked: AbortSignal[] = [];
  const world = await openHttp({
    state,
    via:
      () =>
      ({ signal }) => {
        asked.push(signal);
        return new Promise((_, reject) => void signal.addEventListener("abort", () => reject(abortError())));
      },
  });
  return { ...world, asked };
}

test("a cancel of the 2025 era ends its wait also where it lands on another instance, and nobody else's", async () => {
  const state = new MemoryState(systemClock);
  const poke = vi.spyOn(state, "poke");
  const [one, other] = [await openHung(state), await openHung(state)];
  const session = { "mcp-session-id": "d5a7bd9e-0000-4000-8000-000000000001" };
  const response = await one.post(wait, session);
  await eventually(() => one.asked.length > 0);

  for (const headers of [
    {},
    { "mcp-session-id": "d5a7bd9e-0000-4000-8000-000000000002" },
    { ...session, "x-exa-api-key": B_KEY },
  ]) {
    expect((await other.post(cancel, headers)).status).toBe(202);
    expect((await one.post(cancel, headers)).status).toBe(202);
  }
  expect(one.asked.some(({ aborted }) => aborted)).toBe(false);

  expect((await other.post(cancel, session)).status).toBe(202);
  await eventually(() => one.asked.every(({ aborted }) => aborted));
  // The stream ends without an answer: nobody waits for one.
  expect(await response.text()).not.toContain("data:");
  const names = poke.mock.calls.flat().join(" ");
  for (const text of [A_KEY, "1.5", session["mcp-session-id"]]) expect(names).not.toContain(text);
});
