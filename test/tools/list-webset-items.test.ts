import { describe, expect, onTestFinished, test } from "vitest";
import { DEMO_WEBSET } from "../../src/sandbox/scenarios.ts";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

async function open(options: ToolWorldOptions = {}) {
  const opened = await openToolWorld(options);
  onTestFinished(() => opened.close());
  const { clock, call, requests } = opened;
  const list = async (args: Record<string, unknown>) => (await clock.until(call("list_webset_items", args))).value;
  const refusal = async (args: Record<string, unknown>) => (await clock.until(call("list_webset_items", args))).error;
  const routes = () => requests.latest.map(({ route }) => route);
  return { ...opened, list, refusal, routes };
}

const ITEMS = "GET /websets/v0/websets/:webset/items";
const WEBSET = "GET /websets/v0/websets/:id";
type Item = Record<string, unknown> & { itemId: string };

describe("list_webset_items", () => {
  test("tells what was found with its values, 50 items in two calls and 16,000 bytes", async () => {
    const { world, clock, list, routes } = await open();
    const { id } = world.createWebset(DEMO_WEBSET);
    await clock.advance(200_000);
    const first = await list({ websetId: id });
    const second = await list({ websetId: id, page: first.nextPage });
    expect(second.nextPage).toBeNull();
    expect(Object.keys(first)).toEqual(["now", "nextPage", "items"]);
    const items: Item[] = [...first.items, ...second.items];
    const stored = [...world.listItems(id, { order: "oldest-first" })].map(({ item }) => item);
    expect(items).toEqual(
      stored.map(({ id: itemId, properties, enrichments }) => ({
        itemId,
        name: properties.type === "company" ? properties.company.name : "",
        url: properties.url,
        criteria: "3 of 3",
        enrichments: {
          "Year and month the company was founded": enrichments[0]?.result?.[0] ?? null,
          "Contact email for sales": enrichments[1]?.result?.[0] ?? null,
        },
      })),
    );
    expect(items).toHaveLength(50);
    expect(items.some(({ enrichments }) => Object.values(enrichments as object).includes(null))).toBe(true);
    const bytes = Buffer.byteLength(JSON.stringify(first)) + Buffer.byteLength(JSON.stringify(second));
    expect(bytes).toBeLessThanOrEqual(16_000);
    // The titles come from the Webset's state, which is asked for once.
    expect(routes().slice(-3)).toEqual([WEBSET, ITEMS, ITEMS]);
  });

  test("says which values are not known yet, and what an enrichment without a title is for", async () => {
    const { world, clock, list } = await open();
    const { id } = world.createWebset({
      search: { query: "Makers of cargo bikes", count: 2 },
      enrichments: [{ description: "Phone of the head office", format: "phone" }],
    });
    while ([...world.listItems(id, { order: "oldest-first" })].length === 0) await clock.advance(100);
    const { items } = await list({ websetId: id });
    // Null means that none was found, so what is pending is not among the values.
    expect(items[0].enrichments).toEqual({});
    expect(items[0].pending).toHaveLength(1);
    expect(Object.keys(items[0])).toEqual(["itemId", "name", "url", "criteria", "pending", "enrichments"]);
    const [title] = items[0].pending;
    expect(title).toMatch(/phone/i);
    await clock.advance(100_000);
    const later = await list({ websetId: id });
    expect(later.items[0]).not.toHaveProperty("pending");
    expect(Object.keys(later.items[0].enrichments)).toEqual(["Phone of the head office"]);
  });

  test("takes an externalId, and a page only with its own Webset", async () => {
    const { world, clock, list, refusal } = await open();
    const { id } = world.createWebset({ ...DEMO_WEBSET, externalId: "mine" });
    const other = world.createWebset({ ...DEMO_WEBSET, externalId: "other" });
    await clock.advance(200_000);
    const first = await list({ websetId: "mine", limit: 5 });
    expect(first).toEqual({ ...(await list({ websetId: id, limit: 5 })), now: first.now });
    expect((await list({ websetId: id, page: first.nextPage })).items).toHaveLength(25);
    expect(await refusal({ websetId: other.id, page: first.nextPage })).toMatch(/another Webset/);
    expect(await refusal({ websetId: id, page: "p123" })).toMatch(/no page token of list_webset_items/);
  });

  test("gives the resource with detail full, page text cut, in as many calls as that takes", async () => {
    const { world, clock, list } = await open();
    const { id } = world.createWebset(DEMO_WEBSET);
    await clock.advance(200_000);
    const met: string[] = [];
    for (let page: string | null | undefined; page !== null; ) {
      const value = await list({ websetId: id, limit: 100, detail: "full", ...(page && { page }) });
      expect(Buffer.byteLength(JSON.stringify(JSON.stringify(value)))).toBeLessThanOrEqual(40_000);
      for (const { itemId, data } of value.items) {
        expect(data).toMatchObject({ id: itemId, object: "webset_item", websetId: id });
        expect(data.properties.content.length).toBeLessThan(2_100);
        met.push(itemId);
      }
      page = value.nextPage;
    }
    expect(met).toEqual([...world.listItems(id, { order: "oldest-first" })].map((stored) => stored.id));
  });

  test("does not tell whoever has just created a Webset that there is none", async () => {
    const { world, clock, call } = await open();
    const asked = call("list_webset_items", { websetId: "new" });
    await clock.advance(1_500);
    world.createWebset({ externalId: "new" });
    expect((await clock.until(asked)).value).toMatchObject({ items: [], nextPage: null });
  });

  test("says of an unknown Webset that it is not found, and of a deleted one that it was deleted", async () => {
    const { world, clock, refusal } = await open();
    expect(await refusal({ websetId: "webset_none" })).toMatch(/^not_found: .*"webset_none"/);
    const { id } = world.createWebset({ externalId: "mine", search: { query: "Makers of cargo bikes", count: 2 } });
    await clock.advance(60_000);
    world.deleteWebset(id);
    await clock.advance(1_000);
    const told = /^not_found: Webset "ID" was deleted at 2026-11-01T12:01:0.*list_webset_events/;
    for (const name of [id, "mine"]) {
      expect(await refusal({ websetId: name })).toMatch(new RegExp(told.source.replace("ID", name)));
    }
    expect(await refusal({ websetId: "witem_01kaq2yvrh3fktfhfseq0r7xep" })).toMatch(/looks like the id of an item/);
  });
});
