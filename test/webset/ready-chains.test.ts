import { expect, test } from "vitest";
import { collectEvents } from "../../src/feed/collect.ts";
import { positionAt } from "../../src/feed/position.ts";
import type { WebsetParameters } from "../../src/sandbox/bodies.ts";
import { ReadyChains } from "../../src/webset/ready-chains.ts";
import { readyFilter } from "../../src/webset/ready-filter.ts";
import { WebsetStates } from "../../src/webset/states.ts";
import { type FeedWorldOptions, openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";

/** A world with a Webset of two items, or of another one, and waits for its items that are ready. */
async function openChains(options: FeedWorldOptions = {}, webset: Partial<WebsetParameters> = {}) {
  const opened = openFeedWorld(options);
  const { clock, exa, feed, fake, world } = opened;
  const { id } = world.createWebset({
    search: { query: "Makers of cargo bikes", count: 2 },
    ...webset,
  });
  await fake.advance(60_000);
  const chains = new ReadyChains({ exa, states: new WebsetStates(exa, clock), clock, feed });
  const { filter, hands } = readyFilter({});
  const wait = async (after: Parameters<typeof chains.begin>[0]) => {
    const ready = chains.begin(after, hands);
    const collecting = collectEvents({
      ...{ feed, clock, ...filter, from: ready.from, resumes: true, atLeast: 5, limit: 50, timeoutMs: 25_000 },
      sift: (events, isCaughtUp, signal) => ready.sift(events, { isCaughtUp, websetId: id, signal }),
      signal: new AbortController().signal,
    });
    const { events, more, position } = await fake.until(collecting);
    const { note } = ready;
    return {
      types: events.map(({ type }) => type),
      ids: events.map(({ id }) => id),
      more,
      note,
      position: ready.tell(events, position),
    };
  };
  return { ...opened, id, wait };
}

test("a Webset whose state never answers holds up no other event, and its items are told once it does", async () => {
  let stalls = true;
  const { start, wait } = await openChains({
    spoil: ({ url }, next) =>
      stalls && /\/websets\/webset_[^/]+$/.test(url.pathname) ? new Promise(() => {}) : next(),
  });
  const first = await wait(positionAt(start));
  expect(first).toMatchObject({ types: ["webset.idle"], more: true });
  stalls = false;
  const second = await wait(first.position);
  expect(second).toMatchObject({ types: ["webset.item.created", "webset.item.created"], more: false });
  expect((await wait(second.position)).types).toEqual([]);
});

test("the items of a Webset that was deleted since are told by what they show, and one that cannot be read as it is", async () => {
  const { start, wait, world, id, record } = await openChains();
  record("webset.item.created", { at: start + 1_000, websetId: id, data: { websetId: id } });
  world.deleteWebset(id);
  const { types } = await wait(positionAt(start));
  expect(types.filter((type) => type === "webset.item.created")).toHaveLength(3);
});

test("items that cannot be read keep back no others, and are given up with a note after minutes", async () => {
  const broken = new Set<string>();
  const { start, wait, world, id } = await openChains(
    {
      async spoil({ url }, next) {
        if (broken.has(url.pathname.split("/").at(-1) ?? "")) return refusal(503);
        const answer = await next();
        // No event tells of values, so that items have to be read.
        return { ...answer, body: answer.body.replaceAll('"webset.item.enriched"', '"webset.item.seen"') };
      },
    },
    {
      search: { query: "Makers of cargo bikes", count: 12 },
      enrichments: [{ description: "Phone of the head office", format: "phone" }],
    },
  );
  const items = [...world.listItems(id, { order: "oldest-first" })].map(({ item }) => item.id);
  for (const item of items.slice(0, 11)) broken.add(item);
  let from = positionAt(start);
  const told: string[] = [];
  const notes: (string | undefined)[] = [];
  for (let calls = 0; calls < 20; calls++) {
    const { types, more, note, position } = await wait(from);
    told.push(...types);
    notes.push(note);
    from = position;
    if (!more) break;
  }
  expect(told.toSorted()).toEqual(["webset.idle", "webset.item.created"]);
  expect(notes.at(-1)).toMatch(/^11 items could not be read for minutes .*: list_webset_items tells of all$/);
});

test.each([
  ["at once", 0],
  ["one reading after the other", 2_000],
])(
  "an item that several events show ready %s, each with more values, is told once with all of them",
  async (_, lateMs) => {
    const enrichments = [
      { id: "a", status: "completed" },
      { id: "b", status: "canceled" },
      { id: "c", status: "canceled" },
    ];
    const { start, wait, record, trouble } = await openChains();
    trouble.spoil = async ({ url }, next) => {
      const body = JSON.stringify({
        id: "ws",
        status: "running",
        updatedAt: new Date(start).toISOString(),
        enrichments,
      });
      return url.pathname.endsWith("/ws") ? { status: 200, headers: {}, body } : next();
    };
    for (const [n, values] of [1, 2, 3].entries()) {
      const shown = enrichments.map(({ id }, index) => ({
        enrichmentId: id,
        status: index < values ? "completed" : "pending",
        result: null,
      }));
      const data = { id: "witem", websetId: "ws", enrichments: shown };
      const at = start + 60_000 + 100 * n;
      record("webset.item.enriched", { id: `shows_${values}`, at, late: lateMs * n, websetId: "ws", data });
    }
    const { ids } = await wait(positionAt(start));
    expect(ids.filter((id) => id.startsWith("shows"))).toEqual(["shows_3"]);
  },
);
