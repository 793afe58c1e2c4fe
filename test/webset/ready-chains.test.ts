import { expect, test } from "vitest";
import { collectEvents } from "../../src/feed/collect.ts";
import { positionAt } from "../../src/feed/position.ts";
import { ReadyChains, readyFilter } from "../../src/webset/ready-chains.ts";
import { WebsetStates } from "../../src/webset/states.ts";
import { openFeedWorld } from "../support/feed-world.ts";

test("a Webset whose state never answers holds up no other event, and its items are told once it does", async () => {
  let stalls = true;
  const opened = openFeedWorld({
    spoil: ({ url }, next) =>
      stalls && /\/websets\/webset_[^/]+$/.test(url.pathname) ? new Promise(() => {}) : next(),
  });
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
  const first = await wait(positionAt(opened.start));
  expect(first).toMatchObject({ types: ["webset.idle"], more: true });
  stalls = false;
  const second = await wait(first.position);
  expect(second).toMatchObject({ types: ["webset.item.created", "webset.item.created"], more: false });
  expect((await wait(second.position)).types).toEqual([]);
});
