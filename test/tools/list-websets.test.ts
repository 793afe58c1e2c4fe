import { describe, expect, onTestFinished, test } from "vitest";
import { DEMO_WEBSET } from "../../src/sandbox/scenarios.ts";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

async function open(options: ToolWorldOptions = {}) {
  const opened = await openToolWorld(options);
  onTestFinished(() => opened.close());
  const { clock, call } = opened;
  const list = async (args: Record<string, unknown> = {}) => (await clock.until(call("list_websets", args))).value;
  const refusal = async (args: Record<string, unknown>) => (await clock.until(call("list_websets", args))).error;
  /** Everything, page by page. */
  async function all(args: Record<string, unknown>) {
    const ids: string[] = [];
    let calls = 0;
    for (let page: string | null | undefined; page !== null; calls++) {
      const value = await list({ ...args, ...(page !== undefined && { page }) });
      ids.push(...value.websets.map(({ websetId }: { websetId: string }) => websetId));
      page = value.nextPage;
      if (page) expect(page.length).toBeLessThanOrEqual(1_000);
    }
    return { ids, calls };
  }
  const lists = () => opened.requests.latest.filter(({ route }) => route === "GET /websets/v0/websets");
  return { ...opened, list, refusal, all, lists };
}

/** So many Websets, one after another. */
async function created(
  { world, clock }: Pick<Awaited<ReturnType<typeof openToolWorld>>, "world" | "clock">,
  count: number,
) {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    await clock.advance(10);
    ids.push(world.createWebset({ externalId: `w${n}` }).id);
  }
  return ids;
}

describe("list_websets", () => {
  test("tells what is going on in the account: how far each Webset is, in one line", async () => {
    const { world, clock, list } = await open();
    const idle = world.createWebset({ externalId: "mine", title: "Nothing yet" });
    await clock.advance(1_000);
    const running = world.createWebset(DEMO_WEBSET);
    await clock.advance(20_000);
    const value = await list();
    expect(Object.keys(value)).toEqual(["now", "nextPage", "websets"]);
    expect(value).toMatchObject({ now: "2026-11-01T12:00:21.000Z", nextPage: null });
    expect(value.websets).toEqual([
      {
        websetId: running.id,
        title: DEMO_WEBSET.title,
        status: "running",
        createdAt: running.createdAt,
        summary: expect.stringMatching(/^search running: \d+ of 50 found/),
      },
      {
        websetId: idle.id,
        externalId: "mine",
        title: "Nothing yet",
        status: "idle",
        createdAt: idle.createdAt,
        summary: "idle",
      },
    ]);
  });

  test("names a Webset without a title by what it searches for", async () => {
    const { world, list } = await open();
    world.createWebset({ search: { query: "Makers of cargo bikes", count: 5 } });
    world.createWebset({});
    const { websets } = await list();
    expect(websets.map(({ title }: { title: string | null }) => title).toSorted()).toEqual([
      "Makers of cargo bikes",
      null,
    ]);
  });

  test("takes at most 3,000 bytes for ten Websets", async () => {
    const opened = await open();
    for (let n = 0; n < 12; n++) {
      opened.world.past(4_000 * n, () =>
        opened.world.createWebset({ ...DEMO_WEBSET, ...(n % 2 && { externalId: `customer-${n}` }) }),
      );
    }
    const value = await opened.list();
    expect(value.websets).toHaveLength(10);
    expect(value.nextPage).toMatch(/^p/);
    expect(Buffer.byteLength(JSON.stringify(value))).toBeLessThanOrEqual(3_000);
    expect(opened.lists()).toHaveLength(1);
  });

  test.each([{}, { limit: 3 }, { limit: 50 }])(
    "pages through all of them without gap or repeat with %j",
    async (args) => {
      const opened = await open();
      const ids = await created(opened, 53);
      expect((await opened.all(args)).ids).toEqual(ids.toReversed());
    },
  );

  test("finds those with a status, however far apart, in at most five requests a call", async () => {
    const opened = await open({ pageSizeCap: 7 });
    const ids = await created(opened, 90);
    const paused = ids.filter((_, n) => n % 4 === 1 || n > 85);
    for (const id of paused) opened.world.pauseWebset(id);
    for (const limit of [1, 4, 50]) {
      const asked = opened.lists().length;
      const { ids: found, calls } = await opened.all({ status: "paused", limit });
      expect(found).toEqual(paused.toReversed());
      expect(opened.lists().length - asked).toBeLessThanOrEqual(5 * calls);
    }
  });

  test("leads on where none of five pages has the status", async () => {
    const opened = await open({ pageSizeCap: 3 });
    const [oldest = ""] = await created(opened, 20);
    opened.world.pauseWebset(oldest);
    const first = await opened.list({ status: "paused" });
    expect(first.websets).toEqual([]);
    expect(opened.lists()).toHaveLength(5);
    const second = await opened.list({ status: "paused", page: first.nextPage });
    expect(second).toMatchObject({ nextPage: null, websets: [{ websetId: oldest }] });
  });

  test("refuses a page in words that name what to pass", async () => {
    const opened = await open();
    await created(opened, 12);
    const { nextPage } = await opened.list();
    const { value: events } = await opened.clock.until(opened.call("list_webset_events", { limit: 5 }));
    expect(await opened.refusal({ page: events.cursor })).toMatch(/looks like a cursor.*nextPage/);
    expect(await opened.refusal({ page: `${nextPage}x` })).toMatch(/no page token of list_websets.*leave page out/);
    expect(await opened.refusal({ page: events.nextPage })).toMatch(/a page token of list_webset_events/);
    const { error } = await opened.clock.until(opened.call("list_webset_events", { page: nextPage }));
    expect(error).toMatch(/^invalid_request: The parameter page/);
  });

  test("takes a status that it does not know for a mistake, and names those there are", async () => {
    expect(await (await open()).refusal({ status: "finished" })).toMatch(
      /^invalid_request: .*status.*"idle".*"paused"/,
    );
  });
});
