import { expect, test } from "vitest";
import { type CommandContext, callerOf } from "../../../src/cli/command-context.ts";
import { Reading } from "../../../src/cli/forward/reading.ts";
import { RecentIds } from "../../../src/feed/recent-ids.ts";
import { openFeedWorld } from "../../support/feed-world.ts";
import { refusal } from "../../support/pages.ts";

test("a monitor that cannot be read for minutes keeps back neither its own events nor others for ever", async () => {
  const opened = openFeedWorld({
    spoil: ({ url }, next) => (url.pathname.includes("/monitors/") ? Promise.resolve(refusal(503)) : next()),
  });
  for (const n of [1, 2]) {
    const data = { object: "monitor_run", id: `run_${n}`, monitorId: "monitor_1", status: "completed" };
    opened.record("monitor.run.completed", { at: opened.start + n * 1_000, data });
  }
  const other = opened.record("webset.created", { at: opened.start + 3_000 });
  await opened.fake.advance(60_000);
  const tenant = { tools: opened.newProcess(), missingKey: undefined, recent: new RecentIds() };
  const stop = new AbortController();
  const context = { call: callerOf(tenant, stop.signal), tenant, clock: opened.clock, config: { pollInterval: 1 } };
  const errors: (string | undefined)[] = [];
  const reading = new Reading({
    context: context as unknown as CommandContext,
    filter: {},
    onTransientError: (error) => errors.push(error?.kind),
    onMoved() {},
    onTooLate() {},
  });
  const found = reading.from("10m", stop.signal);
  const { value } = await opened.fake.until(found.next(), 700_000);
  expect(value?.events.map(({ entry }) => entry.eventId)).toContain(other.id);
  expect(value?.events.filter(({ entry }) => entry.about === "monitor_1")).toHaveLength(2);
  expect(errors).toContain("unavailable");
  stop.abort();
});
