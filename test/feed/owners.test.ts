import { describe, expect, test } from "vitest";
import { collectEvents } from "../../src/feed/collect.ts";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import { Owners } from "../../src/feed/owners.ts";
import { type Position, positionAt } from "../../src/feed/position.ts";
import { SECOND_LOOK_MS } from "../../src/shared/errors.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";
import { follow } from "../support/reader.ts";

const { signal } = new AbortController();

/** A world in which monitors, and what a Webset lists, are what the test says. */
function worldWith(monitors: Record<string, string | null>, imports: { ws?: string[] } = {}, listed: string[] = []) {
  const opened = openFeedWorld();
  opened.trouble.spoil = async ({ url }, next) => {
    const [, kind, id = ""] = /\/v0\/(monitors|websets)\/(.+)$/.exec(url.pathname) ?? [];
    if (kind === undefined) return next();
    const websetId = monitors[id];
    if (kind === "monitors" && websetId === undefined) return refusal(404);
    const parts = (ids: string[]) => ids.map((one) => ({ id: one }));
    const webset = { id, imports: parts(imports.ws ?? []), monitors: parts(id === "ws" ? listed : []) };
    const body = kind === "monitors" ? { id, websetId } : webset;
    return { status: 200, headers: {}, body: JSON.stringify({ status: "enabled", ...body }) };
  };
  const run = (monitorId: string) => opened.record("monitor.run.created", { data: { id: "run", monitorId } });
  const asked = () => opened.requests.splice(0).map(({ path }) => path.replace("/websets/v0/", ""));
  return { ...opened, monitors, imports, run, asked, owners: new Owners(opened.exa, opened.clock) };
}

describe("the owner of an event", () => {
  test("is asked of nobody where the event tells it", async () => {
    const { owners, record, asked } = worldWith({});
    const idle = record("webset.idle", { websetId: "ws" });
    const unknown = record("webset.moved", { data: { strange: true } });
    expect(await owners.belongs(idle, "ws", { seenAt: 0, signal })).toBe(true);
    expect(await owners.belongs(idle, "ws_2", { seenAt: 0, signal })).toBe(false);
    expect(await owners.belongs(unknown, "ws", { seenAt: 0, signal })).toBe(false);
    expect(await owners.websetOf(idle, { seenAt: 0, signal })).toBe("ws");
    expect(await owners.websetOf(unknown, { seenAt: 0, signal })).toBeUndefined();
    expect(asked()).toEqual([]);
  });

  test("of a monitor's run is asked for once, however many ask at the same time and later", async () => {
    const { owners, run, asked } = worldWith({ m: "ws" });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        owners.belongs(run("m"), "ws", { seenAt: 0, signal: new AbortController().signal }),
      ),
    );
    expect(answers.every((answer) => answer)).toBe(true);
    expect(await owners.belongs(run("m"), "ws_2", { seenAt: 5, signal })).toBe(false);
    expect(asked()).toEqual(["monitors/m"]);
  });

  test("of a monitor's run is not asked for where an event of the monitor told it", async () => {
    const { owners, run, record, asked } = worldWith({});
    owners.note(record("monitor.deleted", { data: { id: "m", websetId: "ws" } }));
    expect(await owners.belongs(run("m"), "ws", { seenAt: 0, signal })).toBe(true);
    expect(asked()).toEqual([]);
  });

  test("is nobody where the API does not know the monitor, even asked twice; later events ask again", async () => {
    const { owners, run, asked, monitors, fake } = worldWith({ orphan: null });
    expect(await fake.until(owners.belongs(run("m"), "ws", { seenAt: 0, signal }))).toBe(false);
    expect(fake.now()).toBe(SECOND_LOOK_MS);
    expect(await owners.belongs(run("m"), "ws", { seenAt: 0, signal })).toBe(false);
    expect(asked()).toEqual(["monitors/m", "monitors/m", "websets/ws"]);
    monitors.m = "ws";
    expect(await owners.belongs(run("m"), "ws", { seenAt: 1, signal })).toBe(true);
    expect(await owners.belongs(run("orphan"), "ws", { seenAt: 0, signal })).toBe(false);
    expect(await owners.belongs(run("../../secrets"), "ws", { seenAt: 0, signal })).toBe(false);
    expect(asked()).toEqual(["monitors/m", "monitors/orphan"]);
  });

  test.each([403, 404])("is not taken for nobody because of one %i, which may be an accident", async (status) => {
    const { owners, run, trouble, fake } = worldWith({ m: "ws", other: "ws" });
    const answer = trouble.spoil;
    const refused = new Set<string>();
    trouble.spoil = async (request, next) => {
      const { pathname } = request.url;
      if (refused.has(pathname)) return answer(request, next);
      refused.add(pathname);
      return refusal(status);
    };
    expect(await fake.until(owners.belongs(run("m"), "ws", { seenAt: 0, signal }))).toBe(true);
    // Whoever tries again by itself is not kept waiting.
    const limited = { seenAt: 0, signal, deadline: fake.now() + 1_000 };
    await expect(owners.belongs(run("other"), "ws", limited)).rejects.toMatchObject({ kind: "unavailable" });
    expect(await owners.belongs(run("other"), "ws", limited)).toBe(true);
  });

  test("of an import is whoever lists it, also after that has been deleted", async () => {
    const opened = worldWith({}, { ws: ["imp"] });
    const event = opened.record("import.created", { data: { id: "imp" } });
    const other = opened.record("import.created", { data: { id: "imp_2" } });
    expect(await opened.owners.belongs(event, "ws", { seenAt: 0, signal })).toBe(true);
    expect(await opened.owners.belongs(other, "ws", { seenAt: 0, signal })).toBe(false);
    expect(opened.asked()).toEqual(["websets/ws"]);
    opened.imports.ws = ["imp", "imp_2"];
    expect(await opened.owners.belongs(other, "ws", { seenAt: 0, signal })).toBe(false);
    await opened.fake.advance(10);
    expect(await opened.owners.belongs(other, "ws", { seenAt: 10, signal })).toBe(true);
    opened.trouble.spoil = async () => refusal(404);
    expect(await opened.owners.belongs(event, "ws", { seenAt: 20, signal })).toBe(true);
    const third = opened.record("import.created", { data: { id: "imp_3" } });
    expect(await opened.fake.until(opened.owners.belongs(third, "ws", { seenAt: 20, signal }))).toBe(false);
  });

  test.each([403, 404])(
    "of a monitor's run is the Webset that lists it where the monitor is answered with %i",
    async (status) => {
      const opened = worldWith({}, {}, ["m"]);
      const { owners, run, trouble, fake } = opened;
      const answer = trouble.spoil;
      trouble.spoil = async (request, next) =>
        request.url.pathname.includes("/monitors/") ? refusal(status) : answer(request, next);
      expect(await fake.until(owners.belongs(run("m"), "ws", { seenAt: 0, signal }))).toBe(true);
      expect(await owners.belongs(run("m"), "ws_2", { seenAt: 0, signal })).toBe(false);
      expect(await fake.until(owners.belongs(run("other"), "ws", { seenAt: 0, signal }))).toBe(false);
    },
  );

  test("cannot be found out in trouble, which is thrown", async () => {
    const { owners, run, trouble, fake } = worldWith({});
    trouble.spoil = async () => refusal(503);
    const asking = owners.belongs(run("m"), "ws", { seenAt: 0, signal });
    asking.catch(() => {});
    await expect(fake.until(asking)).rejects.toMatchObject({ kind: "unavailable" });
  });
});

test("readers of one Webset get its monitors' runs; trouble with a monitor keeps nothing else from them", async () => {
  const opened = worldWith({ m: "ws", other: "ws_2" });
  const answer = opened.trouble.spoil;
  let down = true;
  opened.trouble.spoil = async (request, next) => {
    return down && request.url.pathname.includes("/monitors/") ? refusal(503) : answer(request, next);
  };
  opened.run("other");
  opened.run("m");
  opened.record("webset.idle", { websetId: "ws" });
  const readers = Array.from({ length: 20 }, () =>
    follow(opened.feed, { websetId: "ws", from: positionAt(opened.start) }),
  );
  await opened.fake.advance(9_000);
  for (const { events, news } of readers) {
    expect(events.map(({ type }) => type)).toEqual(["webset.idle"]);
    expect(news.some(({ kind }) => kind === "retrying")).toBe(true);
  }
  down = false;
  await opened.fake.advance(9_000);
  for (const { events } of readers) {
    expect(events.map(({ type }) => type)).toEqual(["webset.idle", "monitor.run.created"]);
  }
  const lookUps = opened.requests.filter(({ path }) => path.includes("/monitors/"));
  expect(lookUps.length).toBeLessThan(25);
  for (const reader of readers) reader.stop();
});

test("an owner that takes two answers to be found out, each slow, is found out all the same", async () => {
  const opened = worldWith({}, {}, ["m"]);
  const answer = opened.trouble.spoil;
  opened.trouble.spoil = async (request, next) => {
    if (request.url.pathname.endsWith("/events")) return next();
    await opened.fake.sleep(700);
    return answer(request, next);
  };
  opened.run("m");
  const reader = follow(opened.feed, { websetId: "ws", from: positionAt(opened.start) });
  await opened.fake.advance(30_000);
  expect(reader.events.map(({ type }) => type)).toEqual(["monitor.run.created"]);
  reader.stop();
});

test("a wait hands out what is certain, and keeps for the next one what nobody could find out", async () => {
  const opened = worldWith({ m: "ws" });
  const answer = opened.trouble.spoil;
  let down = true;
  opened.trouble.spoil = async (request, next) => {
    return down && request.url.pathname.includes("/monitors/") ? refusal(500) : answer(request, next);
  };
  const run = opened.run("m");
  const item = opened.record("webset.item.created", { websetId: "ws", at: opened.start + 1 });
  const wait = async (from: Position, atLeast: number) => {
    const { feed, clock } = opened;
    const waiting = collectEvents({
      feed,
      clock,
      websetId: "ws",
      from,
      atLeast,
      limit: atLeast,
      timeoutMs: 8_000,
      signal,
    });
    const { events, position, lastError } = await opened.fake.until(waiting);
    return { ids: events.map(({ id }) => id), after: decodeCursor(encodeCursor(position)), lastError: lastError?.kind };
  };
  await opened.fake.advance(10);
  const first = await wait(positionAt(opened.start), 1);
  expect(first.ids).toEqual([item.id]);
  // Far beyond the time after which everything is settled.
  const second = await wait((await wait(first.after, 1)).after, 1);
  expect(second).toMatchObject({ ids: [], lastError: "unavailable" });
  down = false;
  const third = await wait(second.after, 5);
  expect(third).toMatchObject({ ids: [run.id], lastError: undefined });
  expect((await wait(third.after, 5)).ids).toEqual([]);
});
