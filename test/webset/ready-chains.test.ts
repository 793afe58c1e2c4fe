import { expect, test } from "vitest";
import { collectEvents } from "../../src/feed/collect.ts";
import { positionAt } from "../../src/feed/position.ts";
import { ReadyChains, readyFilter } from "../../src/webset/ready-chains.ts";
import { WebsetStates } from "../../src/webset/states.ts";
import { type FeedWorldOptions, openFeedWorld } from "../support/feed-world.ts";

/** A world with a Webset of two items, and waits for its items that are ready. */
async function openChains(options: FeedWorldOptions = {}) {
  const opened = openFeedWorld(options);
  const { clock, exa, feed, fake, world } = opened;
  const { id } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 2 } });
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
    return { types: events.map(({ type }) => type), more, position: ready.tell(events, position) };
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
