import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { test } from "../attacks/attack.ts";
import { websetState } from "../support/attack-upstream.ts";
import { eventually } from "../support/eventually.ts";

test("waits whose process was stopped past their time, as on a laptop that slept, tell what happened meanwhile", async ({
  upstream,
  connect,
}) => {
  let hasEnded = false;
  upstream.websets.set("ws_1", () =>
    hasEnded ? websetState("ws_1", "idle", "completed", 10) : websetState("ws_1", "running", "running", 3),
  );
  const session = await connect();
  const { child } = session.program;
  const args = { websetId: "ws_1", timeoutSeconds: 3 };
  const waits = [session.call("wait_for_webset", args), session.call("wait_for_webset_event", args)] as const;
  await eventually(() => upstream.count("events") > 2, { what: "polling" });
  child.kill("SIGSTOP");
  // A poll may have been under way.
  await sleep(100);
  hasEnded = true;
  // No event tells a wait for the Webset of it: only another look can.
  const id = upstream.tell();
  await sleep(args.timeoutSeconds * 1_000 + 1_500);
  child.kill("SIGCONT");
  const [webset, events] = await Promise.all(waits);
  expect(webset.value).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
  expect(events.value).toMatchObject({ outcome: "events", events: [{ id }] });
});
