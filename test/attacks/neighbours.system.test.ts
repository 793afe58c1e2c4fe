import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { websetState } from "../support/attack-upstream.ts";
import { eventually } from "../support/eventually.ts";
import { test } from "./attack.ts";

const LATENCY_MS = 100;
/** So many requests of others may come before the one that a call needs: those that a second and a half has room for. */
const MOST_BEFORE = 7;

test.concurrent.for([30, 400])(
  "calls are served beside %i running Websets that are subscribed to, and each of those is told of",
  async (many, { upstream, connectRaw }) => {
    let found = 0;
    const ids = Array.from({ length: many }, (_, n) => `ws_${n}`);
    for (const id of ids) upstream.websets.set(id, () => websetState(id, "running", "running", found));
    upstream.meddle = () => sleep(LATENCY_MS, undefined);
    const client = await connectRaw();
    const uris = ids.map((id) => `websets://websets/${id}/progress`);
    void client.send("subscriptions/listen", { notifications: { resourceSubscriptions: uris } });
    await eventually(() => client.notifications.length > 0);

    for (const id of ["ws_3", "ws_17", "ws_29"]) {
      const others = () => upstream.asked.filter(({ path }) => path !== `websets/${id}`).length;
      const asked = others();
      const progress = await client.call("get_webset_progress", { websetId: id });
      expect(progress.structuredContent).toMatchObject({ progress: { status: "running" } });
      expect(others() - asked).toBeLessThanOrEqual(MOST_BEFORE);
      const waited = await client.call("wait_for_webset", { websetId: id, until: "idle", timeoutSeconds: 2 }, {});
      expect(waited.structuredContent).toMatchObject({ progress: { status: "running" } });
    }

    const [before, begun] = [upstream.asked.length, upstream.now];
    found = 1;
    const told = () => new Set(client.notifications.map(({ params }) => params.uri).filter((uri) => uri !== undefined));
    await eventually(() => told().size === many, { what: "an update of each Webset" });
    expect((upstream.asked.length - before) / ((upstream.now - begun) / 1_000 + 1)).toBeLessThan(10);
  },
);
