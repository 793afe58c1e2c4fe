import { describe, expect, onTestFinished, test } from "vitest";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

type Args = Record<string, unknown>;

async function open(options: ToolWorldOptions = {}) {
  const opened = await openToolWorld(options);
  onTestFinished(() => opened.close());
  const { clock, call } = opened;
  return { ...opened, ask: (name: string, args: Args) => clock.until(call(name, args)) };
}

/** A Webset that lived for a minute and was deleted a minute ago, of which this process knows nothing. */
async function withDeleted() {
  const opened = await open();
  const { clock, world } = opened;
  const { id } = world.createWebset({ externalId: "my deleted one" });
  await clock.advance(60_000);
  world.deleteWebset(id);
  await clock.advance(60_000);
  return { ...opened, id };
}

const OF_ONE_WEBSET = [
  "list_webset_events",
  "wait_for_webset_event",
  "wait_for_webset",
  "get_webset_progress",
  "list_webset_items",
];

test.each(OF_ONE_WEBSET)(
  "%s says of a mistyped id that there is no such Webset, however short its time",
  async (name) => {
    const { ask, world, clock } = await open();
    world.createWebset({});
    await clock.advance(60_000);
    const limits = name.startsWith("wait") ? { timeoutSeconds: name === "wait_for_webset" ? 5 : 0 } : {};
    const { error } = await ask(name, { websetId: "webset_mistyped", ...limits });
    expect(error).toMatch(/^not_found: the API does not know Webset "webset_mistyped".* list_websets /);
  },
);

test.each(OF_ONE_WEBSET)("%s finds a Webset that the API shows only after two seconds", async (name) => {
  const { ask, world, clock } = await open();
  void clock.sleep(1_900).then(() => world.createWebset({ externalId: "just created" }));
  const limits = name.startsWith("wait") ? { timeoutSeconds: 5 } : {};
  const { value, error } = await ask(name, { websetId: "just created", ...limits });
  expect(error).toBeUndefined();
  expect(value).toBeDefined();
});

describe("a deleted Webset", () => {
  test.each(["id", "externalId"])("has its events listed by its %s, with a note that it is deleted", async (by) => {
    const { ask, id } = await withDeleted();
    const websetId = by === "id" ? id : "my deleted one";
    const { value } = await ask("list_webset_events", { websetId });
    const types = value.events.map(({ type }: { type: string }) => type);
    expect(types[0]).toBe("webset.deleted");
    expect(types.at(-1)).toBe("webset.created");
    expect(value.note).toBe(`Webset ${JSON.stringify(websetId)} was deleted at ${value.events[0].createdAt}.`);
    const none = await ask("list_webset_events", { websetId, types: ["monitor.*"] });
    expect(none.value).toMatchObject({ events: [], note: value.note });
  });

  test.each([25, 2])(
    "is told to a wait of %i s that goes on while all its events are on their way",
    async (timeoutSeconds) => {
      const { ask, world } = await open({ visibilityDelay: () => 4_900 });
      const { value } = await ask("wait_for_webset_event", { timeoutSeconds: 0 });
      const { id: websetId } = world.createWebset({});
      world.deleteWebset(websetId);
      let [after, events] = [value.cursor, []];
      for (let calls = 0; calls < 4 && events.length === 0; calls++) {
        const answer = await ask("wait_for_webset_event", {
          websetId,
          after,
          timeoutSeconds,
          types: ["webset.deleted"],
        });
        if (answer.error !== undefined) expect(answer.error).toMatch(/^unavailable: .* does not know Webset /);
        else ({ cursor: after, events } = answer.value);
      }
      expect(events).toMatchObject([{ type: "webset.deleted" }]);
    },
  );

  test("is not found, in the end, where a wait goes on that never knew it", async () => {
    const { ask, clock } = await open();
    const { value } = await ask("wait_for_webset_event", { timeoutSeconds: 0 });
    const begun = clock.now();
    const { error } = await ask("wait_for_webset_event", { websetId: "webset_mistyped", after: value.cursor });
    expect(error).toMatch(/^not_found: .* list_websets /);
    expect(clock.now() - begun).toBeLessThan(12_000);
  });

  test("is told as deleted also where this process has known it alive", async () => {
    const { ask, world, clock } = await open();
    const { id } = world.createWebset({});
    await ask("list_webset_events", { websetId: id });
    world.deleteWebset(id);
    await clock.advance(10_000);
    const { value } = await ask("list_webset_events", { websetId: id, types: ["monitor.*"] });
    expect(value.note).toContain("was deleted at");
  });

  test("has its events waited for, with a note that it is deleted", async () => {
    const { ask, id } = await withDeleted();
    const { value } = await ask("wait_for_webset_event", { websetId: id, after: "10m", timeoutSeconds: 0 });
    expect(value.events.length).toBeGreaterThan(0);
    expect(value.note).toMatch(/was deleted at 20/);
  });

  test("is no longer there to tell its progress, and the error says so and what still can be read", async () => {
    const { ask, id } = await withDeleted();
    const { error } = await ask("get_webset_progress", { websetId: id });
    expect(error).toMatch(
      /^not_found: Webset "[^"]+" was deleted at 20[^ ]+Z\. list_webset_events with websetId "[^"]+" lists what happened before\.$/,
    );
  });

  test.each([5, 0])("is deleted for a wait of %i s, too", async (timeoutSeconds) => {
    const { ask, id } = await withDeleted();
    for (const websetId of [id, "my deleted one"]) {
      const { value } = await ask("wait_for_webset", { websetId, timeoutSeconds });
      expect(value).toMatchObject({ outcome: "deleted", progress: null });
      expect(value.next).toContain("list_webset_events");
    }
  });

  test("is not what else is asked for in vain", async () => {
    const { ask, world, clock } = await open();
    const { id } = world.createWebset({});
    await clock.advance(1_000);
    const { error } = await ask("wait_for_webset", { websetId: id, searchId: "wsearch_none", timeoutSeconds: 5 });
    expect(error).toMatch(/^not_found: .*search/);
    expect(error).not.toContain("deleted");
    expect((await ask("get_webset_event", { eventId: "event_none" })).error).toContain("60 days");
  });
});

test("an id with half a character is refused for what it is", async () => {
  const { ask } = await open();
  for (const name of OF_ONE_WEBSET) {
    const { error } = await ask(name, { websetId: "webset_\ud800" });
    expect(error).toBe(
      "invalid_request: websetId contains half of a surrogate pair, which is no character. Pass websetId exactly as the API or an earlier result gave it.",
    );
  }
});

test.each(OF_ONE_WEBSET)(
  "%s offers the Webset that is called so, where its title was given as its id",
  async (name) => {
    const { ask, world, clock } = await open();
    const { id } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 2 } });
    await clock.advance(60_000);
    const title = world.getWebset(id).title ?? "Makers of cargo bikes";
    const limits = name.startsWith("wait") ? { timeoutSeconds: 5 } : {};
    for (const websetId of [title, title.slice(0, -2).toLowerCase(), `${title}x`]) {
      const { error } = await ask(name, { websetId, ...limits });
      expect(error).toMatch(/^not_found: /);
      expect(error).toContain(`${JSON.stringify(title)} may be meant. Call ${name} with websetId "${id}". `);
    }
    expect((await ask(name, { websetId: "something else", ...limits })).error).not.toContain("may be meant");
  },
);

test.each(["list_webset_events", "wait_for_webset_event"])(
  "%s says of an empty websetId that it answers for the whole account",
  async (name) => {
    const { ask, world, clock } = await open();
    world.createWebset({});
    await clock.advance(10_000);
    for (const websetId of ["", " ", "undefined", "None"]) {
      const { value } = await ask(name, { websetId, after: "1m" });
      expect(value.note).toBe("The websetId was empty: this is of the whole account.");
      expect(Object.keys(value).at(-1)).toBe("events");
    }
    expect((await ask(name, { websetId: null, after: "1m" })).value).not.toHaveProperty("note");
  },
);

test("is known as deleted as soon as its event is visible, also to whoever asked just before", async () => {
  const opened = await openToolWorld({ visibilityDelay: (type) => (type === "webset.deleted" ? 4_000 : 0) });
  onTestFinished(() => opened.close());
  const { clock, call, world } = opened;
  const { id: websetId } = world.createWebset({});
  await clock.advance(60_000);
  world.deleteWebset(websetId);
  const wait = () => clock.until(call("wait_for_webset", { websetId, timeoutSeconds: 3 }));
  await wait();
  await clock.advance(4_000);
  expect((await wait()).value).toMatchObject({ outcome: "deleted" });
});
