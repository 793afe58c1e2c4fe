import { describe, expect, test } from "vitest";
import { Rounds } from "../../src/webset/states.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";

/** Each look is a call's of its own. */
const own = () => new AbortController().signal;

/** A world with so many Websets, the newest last. */
async function worldOf(count: number, options: Parameters<typeof openFeedWorld>[0] = {}) {
  const opened = openFeedWorld(options);
  const ids: string[] = [];
  while (ids.length < count) {
    ids.push(opened.world.createWebset({}).id);
    await opened.fake.advance(1);
  }
  return { ...opened, ids, rounds: new Rounds(opened.exa, opened.clock) };
}

describe("looks in the background", () => {
  test("share pages of the list, one request a second", async () => {
    const { fake, rounds, ids, requests } = await worldOf(250, { latency: () => 50 });
    const looks = ids.map((id) => rounds.look(id, own()));
    const answers = await fake.until(Promise.all(looks));
    expect(answers.map(({ value }) => value.id)).toEqual(ids);
    expect(requests.map(({ path }) => path)).toEqual(Array(3).fill("/websets/v0/websets"));
    const times = requests.map(({ at }) => at);
    expect(times.slice(1).map((at, index) => at - (times[index] ?? 0))).toEqual([1_000, 1_000]);
    expect(answers[0]?.sentAt).toBe(times[2]);
  });

  test("are of one Webset alone where only one is asked for", async () => {
    const { fake, rounds, ids, requests } = await worldOf(5);
    const looked = await fake.until(rounds.look(ids[0] ?? "", own()));
    expect(looked.value.id).toBe(ids[0]);
    expect(requests.map(({ path }) => path)).toEqual([`/websets/v0/websets/${ids[0]}`]);
  });

  test("find an externalId on the pages, too", async () => {
    const { fake, rounds, ids, world } = await worldOf(5);
    const { id } = world.createWebset({ externalId: "mine" });
    const looks = await fake.until(Promise.all([rounds.look("mine", own()), rounds.look(ids[0] ?? "", own())]));
    expect(looks[0]?.value.id).toBe(id);
  });

  test("ask by itself for what is on none of the first pages, and remember that", async () => {
    const { fake, rounds, ids, requests } = await worldOf(520);
    const asked = [ids[0] ?? "", ids[1] ?? "", ids[519] ?? ""];
    for (const pages of [5, 0]) {
      requests.length = 0;
      const answers = await fake.until(Promise.all(asked.map((id) => rounds.look(id, own()))));
      expect(answers.map(({ value }) => value.id)).toEqual(asked);
      expect(requests.filter(({ path }) => path.endsWith("/websets"))).toHaveLength(pages);
    }
  });

  test("ask for each by itself while the list cannot be read, and tell what each is answered", async () => {
    for (const status of [403, 404, 503]) {
      const { fake, rounds, ids, trouble } = await worldOf(3);
      trouble.spoil = async ({ url }, next) => (url.pathname.endsWith("/websets") ? refusal(status) : next());
      const looks = [...ids, "nowhere"].map((id) => rounds.look(id, own()).catch((error: Error) => error));
      const answers = await fake.until(Promise.all(looks));
      expect(answers.slice(0, 3)).toMatchObject(ids.map((id) => ({ value: { id } })));
      expect(answers[3]).toMatchObject({ kind: "not_found" });
    }
  });

  test("that are urgent do not wait for the second to pass, but share pages where they are many", async () => {
    const { fake, rounds, ids, requests } = await worldOf(250, { latency: () => 50 });
    for (const id of ids.slice(0, 3)) await fake.until(rounds.look(id, own(), true));
    expect(fake.now()).toBe(550);
    await fake.until(Promise.all(ids.map((id) => rounds.look(id, own(), true))));
    expect(fake.now()).toBe(850);
    expect(requests).toHaveLength(6);
  });

  test("are given up when nobody asks any more, and leave nothing behind", async () => {
    const { fake, rounds, ids, requests } = await worldOf(3, { latency: () => 50 });
    for (const after of [0, 20, 60, 500]) {
      const stop = new AbortController();
      const looks = ids.map((id) => rounds.look(id, stop.signal));
      for (const look of looks) look.catch(() => {});
      const again = fake.advance(after).then(() => ids.map((id) => rounds.look(id, stop.signal).catch(() => {})));
      await again;
      stop.abort();
      await fake.advance(0);
      expect(fake.sleeping).toBe(0);
      requests.length = 0;
      const { value } = await fake.until(rounds.look(ids[0] ?? "", own()));
      expect(value.id).toBe(ids[0]);
      expect(requests).toHaveLength(1);
    }
  });
});
