import { expect, test } from "vitest";
import type { Pokes } from "../../src/http/sessions.ts";
import { abortError } from "../../src/shared/errors.ts";
import { eventually } from "../support/eventually.ts";
import { A_KEY, B_KEY, openHttp } from "./support.ts";

/** What instances share, in one process. */
function sharedPokes(): Pokes & { names: string[] } {
  const waiting = new Map<string, Set<() => void>>();
  const names: string[] = [];
  return {
    names,
    async poke(name) {
      names.push(name);
      for (const action of waiting.get(name) ?? []) action();
    },
    onPoke(name, action) {
      const actions = waiting.get(name) ?? new Set();
      waiting.set(name, actions.add(action));
      return () => actions.delete(action);
    },
  };
}

const wait = { jsonrpc: "2.0", id: 1.5, method: "tools/call", params: { name: "wait_for_webset_event" } };
const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1.5 } };

/** An instance whose API never answers. */
async function openHung(pokes: Pokes) {
  const asked: AbortSignal[] = [];
  const world = await openHttp({
    pokes,
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
  const pokes = sharedPokes();
  const [one, other] = [await openHung(pokes), await openHung(pokes)];
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
  expect(pokes.names.join(" ")).not.toContain(A_KEY);
});
