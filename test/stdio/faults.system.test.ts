import { describe, expect, vi } from "vitest";
import {
  type AddedFault,
  createFaults,
  FAULTS,
  type FaultName,
  type FaultRequest,
  type FaultRule,
  type ScriptedFaults,
} from "../../src/sandbox/faults.ts";
import type { SandboxOptions } from "../../src/sandbox/server.ts";
import { ERAS, type Era, type Session } from "../support/eras.ts";
import { eventually } from "../support/eventually.ts";
import { type Following, type FollowOptions, followNewWebset } from "../support/following.ts";
import { test } from "../support/stdio-test.ts";
import type { Upstream } from "../support/upstream.ts";

// Most of the time is spent waiting, so that more of them than usual go together.
vi.setConfig({ maxConcurrency: 14 });

const EVENTS = "/websets/v0/events";

/** One agent, one upstream, and what is wrong with it. */
interface Scene {
  session: Session;
  upstream: Upstream;
  faults: ScriptedFaults;
}

interface Case {
  /** What the agent sees. */
  sees: string;
  /** When it goes wrong; whenever it can without any. */
  rules?: Omit<FaultRule, "name">[];
  /** What else is wrong, to make it harder. */
  also?: FaultRule[];
  sandbox?: Partial<SandboxOptions>;
  act(scene: Scene): Promise<unknown>;
  /** Where the fault does not strike by turns, but is there: that the upstream's answers really show it. */
  shows?(answers: EventsAnswer): void;
}

interface EventsAnswer {
  date: number;
  createdAt: number[];
}

const isEventList = ({ path }: FaultRequest) => path === EVENTS;
const isWebset = ({ path }: FaultRequest) => path.startsWith("/websets/v0/websets/");

/** Each list of events goes wrong with a good chance, and the first look at the Webset for certain. */
const OFTEN = [
  { when: isEventList, rate: 0.3 },
  { when: isWebset, times: 1 },
];
/** The same for what takes long to get over. */
const SELDOM = [
  { when: isEventList, from: 3, times: 1 },
  { when: isWebset, times: 1 },
];
/** Pages so short that a Webset's life takes several. */
const SHORT_PAGES = { pageSizeCap: 10 };

const nothingWrong: Case = { sees: "the agent gets the completed search, and each event once", act: followToTheEnd };

const walked: Case = { sees: `${nothingWrong.sees}, in waits and in listings`, act: followAndList };

const unanswered: Case = {
  sees: "the agent's wait ends in its time, and the next ones bring the completed search and each event once",
  rules: [
    { when: isEventList, rate: 0.3, times: 3 },
    { when: isWebset, times: 1 },
  ],
  act: giveUpAndGoOn,
};

const tooLarge: Case = {
  sees: "the agent gets each event once, asked for in smaller pages; of one that is always too large it is told so",
  rules: [{ when: isEventList, from: 3, times: 1 }],
  act: followWhatIsTooLarge,
};

/** What no further request can change ends a wait with the first answer that says so. */
function endsWaits(error: RegExp): Case {
  return {
    sees: "the agent in the middle of a wait is told with the first such answer",
    rules: [{ when: isEventList, from: 3 }],
    // So slow that nothing ends meanwhile.
    sandbox: { speed: 0.05 },
    async act({ session, upstream, faults }) {
      const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 50 } });
      const answer = await session.call("wait_for_webset", { websetId: id, timeoutSeconds: 15 });
      expect(answer.error).toMatch(error);
      // Nothing is tried again that cannot help.
      expect(Object.values(faults.happened)).toEqual([1]);
      expect(upstream.requests.counts[`GET ${EVENTS}`]).toBe(3);
    },
  };
}

const CASES: Record<FaultName, Case> = {
  "rate-limited": { ...nothingWrong, rules: SELDOM },
  "rate-limited-date": { ...nothingWrong, rules: SELDOM },
  "rate-limited-bare": { ...nothingWrong, rules: OFTEN },
  unauthorized: endsWaits(/^unauthorized: the API does not accept the key .*Check EXA_API_KEY/),
  "wrong-key-400": endsWaits(/^unauthorized: the API does not accept the key .*Check EXA_API_KEY/),
  "no-plan": endsWaits(/^no_access: .*upgrade to a Pro plan/),
  "out-of-credits": endsWaits(/^out_of_credits: (?!.*call again)/i),
  "error-500": { ...nothingWrong, rules: OFTEN },
  "html-502": { ...nothingWrong, rules: OFTEN },
  "error-503": { ...nothingWrong, rules: OFTEN },
  "error-504": { ...nothingWrong, rules: OFTEN },
  refused: { ...nothingWrong, rules: SELDOM },
  reset: { ...nothingWrong, rules: OFTEN },
  "reset-after-headers": { ...nothingWrong, rules: OFTEN },
  "cut-body": { ...nothingWrong, rules: OFTEN },
  "stalled-body": unanswered,
  "no-headers": unanswered,
  "huge-answer": tooLarge,
  "huge-answer-gzip": tooLarge,
  "wrong-shape": {
    sees: "the agent gets each event once, and where it never ends it is told of an unexpected response",
    rules: OFTEN,
    async act(scene) {
      const { websetId, given } = await followToTheEnd(scene);
      scene.faults.add({ name: "wrong-shape" });
      const { session } = scene;
      const answers = await Promise.all([
        session.call("get_webset_event", { eventId: given[0]?.id }),
        session.call("get_webset_progress", { websetId }),
        session.call("list_webset_events"),
      ]);
      for (const { error } of answers) expect(error).toMatch(/^unexpected_response: .*check that EXA_BASE_URL/);
      const { error } = await session.call("wait_for_webset_event", { timeoutSeconds: 0 });
      expect(error).toMatch(/^unavailable: There was no usable answer since .*Call again/);
    },
  },
  "malformed-event": {
    sees: "the agent gets each of the good events once, and the operator one warning",
    async act(scene) {
      await followToTheEnd(scene, { warns: /^.*skipped 1 malformed event\(s\); further ones are skipped.*\n$/ });
    },
  },
  "large-payloads": {
    sees: "the agent gets each event once and in few words; page text comes cut, and whole where it is asked for",
    async act(scene) {
      const { session } = scene;
      const { given, websetId } = await followToTheEnd(scene);
      const items = given.filter(({ resource }) => resource.kind === "item");
      const args = { types: ["webset.item.*"], websetId, detail: "full" };
      // Few of them fit into one result.
      const listed: { data: { properties: { content: string } } }[] = [];
      let page: string | undefined;
      do {
        const { value } = await session.call("list_webset_events", { ...args, ...(page !== undefined && { page }) });
        listed.push(...value.events);
        page = value.nextPage ?? undefined;
      } while (page !== undefined);
      expect(listed).toHaveLength(items.length);
      for (const { data } of listed) {
        expect(data.properties.content.length).toBeLessThan(2_100);
        expect(data.properties.content).toMatch(/… \[cut: 500000 characters in all\]$/);
      }
      expect(session.program.stdout.length).toBeLessThan(200_000);
      const [content] = await session.readResource(`websets://events/${items[0]?.id}`);
      expect(JSON.parse(content?.text ?? "").data.properties.content).toHaveLength(500_000);
    },
  },
  // Nor is this machine's clock a stand-in.
  "no-date": { ...nothingWrong, also: [{ name: "clock-slow" }] },
  "duplicate-entry": { ...walked, sandbox: SHORT_PAGES },
  // Where cursors lead nowhere, no more than a page of events may share a millisecond. A sandbox that a busy machine has stopped
  // for a while stamps all it has missed at once: the slower its life, the fewer these are.
  "repeating-cursor": { ...walked, sandbox: { ...SHORT_PAGES, speed: 10 } },
  "null-cursor": walked,
  "empty-page": { ...walked, rules: [{ rate: 0.3 }], sandbox: SHORT_PAGES },
  "short-page": { ...walked, rules: [{ rate: 0.3 }] },
  "oldest-first": {
    ...walked,
    sandbox: SHORT_PAGES,
    shows({ createdAt }) {
      expect(createdAt.length).toBeGreaterThan(1);
      expect(createdAt).toEqual(createdAt.toSorted((one, other) => one - other));
      expect(createdAt[0]).toBeLessThan(createdAt.at(-1) as number);
    },
  },
  "clock-fast": {
    ...nothingWrong,
    shows({ date, createdAt }) {
      for (const time of [date, ...createdAt]) expect(time - Date.now()).toBeGreaterThan(500_000);
    },
  },
  "clock-slow": {
    ...nothingWrong,
    shows({ date, createdAt }) {
      for (const time of [date, ...createdAt]) expect(time - Date.now()).toBeLessThan(-600_000 + 1);
    },
  },
  "late-events": {
    sees: "the agent gets the completed search, and each event once, whatever came before it",
    async act(scene) {
      await followToTheEnd(scene, { inAnyOrder: true });
      const all = [...scene.upstream.world.events.walk({ order: "oldest-first" })];
      expect(Math.max(...all.map(({ time, visibleAt }) => visibleAt - time))).toBeGreaterThan(2_000);
    },
  },
  "same-timestamp": {
    ...nothingWrong,
    async act(scene) {
      const { given } = await followToTheEnd(scene);
      expect(new Set(given.map(({ createdAt }) => createdAt)).size).toBeLessThan(given.length / 2);
    },
  },
  arrivals: {
    sees: "the agent gets the completed search, and each event once, those of the new Websets too",
    // Each makes the walk longer by itself, so that without an end it had none.
    rules: [{ times: 3 }],
    sandbox: SHORT_PAGES,
    async act(scene) {
      const { given } = await followToTheEnd(scene);
      expect(given.filter(({ type }) => type === "webset.created").length).toBeGreaterThan(3);
    },
  },
  "unknown-type": {
    sees: "the agent gets each event once, and those of the unknown type as what they are",
    rules: [],
    async act(scene) {
      // What happens before is for nobody.
      const begun = () => void scene.faults.add({ name: "unknown-type", times: 3 });
      const { given } = await followToTheEnd(scene, { begun });
      const unknown = given.filter(({ type }) => type === "webset.item.reviewed");
      expect(unknown).toHaveLength(3);
      for (const { summary, resource } of unknown) {
        expect(resource.kind).toBe("webset_review");
        expect(summary).toMatch(/^webset\.item\.reviewed/);
      }
    },
  },
  "unknown-status": {
    sees: "the agent's wait ends when the Webset is idle, although its search has a status that nobody knows",
    rules: [{ when: isEventList, from: 2, times: 1 }],
    sandbox: { speed: 1 },
    async act({ session, upstream }) {
      const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 50 } });
      const { value } = await session.call("wait_for_webset", { websetId: id, timeoutSeconds: 20 });
      expect(value).toMatchObject({
        outcome: "stopped",
        progress: { status: "idle", searches: [{ status: "failed" }] },
      });
    },
  },
  "deleted-webset": {
    sees: "the agent's wait ends with the outcome deleted, and the event that tells of it is still found by the Webset",
    // The first look belongs to the wait, which thereby knows that the Webset was there.
    rules: [{ from: 2, times: 1 }],
    sandbox: { speed: 1 },
    async act({ session, upstream }) {
      const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 50 } });
      const wait = session.call("wait_for_webset", { websetId: id, timeoutSeconds: 15 });
      await eventually(() => upstream.requests.counts[`GET ${EVENTS}`], { what: "polling" });
      const look = await session.call("get_webset_progress", { websetId: id });
      expect(look.error).toMatch(/^not_found: Webset ".*" was deleted at 20\S+Z\b.*list_webset_events/);
      const { value } = await wait;
      expect(value).toMatchObject({ outcome: "deleted", progress: { websetId: id, status: "running" } });
      const told = { websetId: id, types: ["webset.deleted"], after: value.cursor, timeoutSeconds: 15 };
      expect((await session.call("wait_for_webset_event", told)).value).toMatchObject({
        outcome: "events",
        events: [{ type: "webset.deleted", resource: { kind: "webset", id } }],
      });
    },
  },
  "past-retention": {
    sees: "the agent is told that the event is not there, and of the 60 days",
    rules: [{ times: 1 }],
    async act({ session, upstream }) {
      const { id } = upstream.world.record("webset.idle", { object: "webset", id: "webset_1" });
      const { error } = await session.call("get_webset_event", { eventId: id });
      expect(error).toMatch(/^not_found: .*does not know event ".*60 days/);
      expect((await session.call("get_webset_event", { eventId: id })).value.event.id).toBe(id);
    },
  },
};

test("every fault of the sandbox has its test here", () => {
  expect(Object.keys(CASES).toSorted()).toEqual(FAULTS.map(({ name }) => name).toSorted());
});

describe.concurrent("over stdio, under a fault of the upstream", () => {
  // The eras take turns.
  for (const [index, { name }] of FAULTS.entries()) {
    const era = ERAS[index % ERAS.length] as Era;
    const { sees, rules = [{}], also, sandbox = {}, act, shows } = CASES[name];

    test(`${name}: ${sees} (${era.name})`, async ({ startProgram, startSandbox }) => {
      const faults = createFaults({ rules: also ?? [] });
      const added: AddedFault[] = rules.map((rule) => faults.add({ ...rule, name }));
      const upstream = await startSandbox({ speed: 40, faults, ...sandbox });
      const session = await era.open(startProgram(["--poll-interval", "0.2"], upstream.env));
      await act({ session, upstream, faults });
      if (shows === undefined) for (const rule of added) expect(rule.happened).toBeGreaterThan(0);
      else shows(await askForEvents(upstream));
      expect(session.program.stderr).not.toMatch(/nobody foresaw|\n\s+at /);
    });
  }
});

interface Expected extends FollowOptions {
  /** Events that become visible late come after later ones. */
  inAnyOrder?: boolean;
  /** What the operator is told; nothing without it. */
  warns?: RegExp;
}

/** Follows a Webset and expects nothing but what is right. */
async function followToTheEnd({ session, upstream }: Scene, expected: Expected = {}): Promise<Following> {
  const following = await followNewWebset(session, upstream, expected);
  expectAllOnce(following, upstream);
  expect(following.errors).toEqual([]);
  const times = following.given.map(({ createdAt }) => createdAt);
  if (!expected.inAnyOrder) expect(times).toEqual(times.toSorted());
  expect(session.program.stderr).toMatch(expected.warns ?? /^$/);
  return following;
}

/** Follows a Webset, then walks back through the pages of its events. */
async function followAndList(scene: Scene): Promise<void> {
  const { given, earlier } = await followToTheEnd(scene);
  const listed: { id: string; createdAt: string }[] = [];
  let page: string | undefined;
  do {
    const { value, error } = await scene.session.call("list_webset_events", {
      types: ["*"],
      limit: 15,
      ...(page && { page }),
    });
    expect(error).toBeUndefined();
    listed.push(...value.events);
    page = value.nextPage ?? undefined;
  } while (page !== undefined && listed.length <= given.length + earlier.length);
  const ids = [...earlier, ...given.map(({ id }) => id)];
  expect(listed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  const times = listed.map(({ createdAt }) => createdAt);
  expect(times).toEqual(times.toSorted().toReversed());
}

/** Follows a Webset with calls so short that each request without an answer costs one. */
async function giveUpAndGoOn({ session, upstream }: Scene): Promise<void> {
  const following = await followNewWebset(session, upstream, { timeoutSeconds: 0.5 });
  expectAllOnce(following, upstream);
  expect(following.errors.length).toBeGreaterThan(0);
  for (const error of following.errors) {
    expect(error).toMatch(
      /^unavailable: There was no usable answer since .*Call (again|\w+ with timeoutSeconds 25).*nothing is lost/i,
    );
  }
}

async function followWhatIsTooLarge(scene: Scene): Promise<void> {
  // Many megabytes take seconds where everything else goes on at the same time.
  const { given, earlier } = await followToTheEnd(scene, { timeoutSeconds: 18 });
  const { session, faults } = scene;
  const [name] = Object.keys(faults.happened) as [FaultName];
  const added = faults.add({ name, when: ({ query }) => Number(query.get("limit")) > 100 });
  const listed = await session.call("list_webset_events", { types: ["*"], limit: 200 });
  expect(listed.value.events).toHaveLength(given.length + earlier.length);
  expect(added.happened).toBe(1);
  faults.add({ name });
  const { error } = await session.call("get_webset_event", { eventId: given[0]?.id });
  expect(error).toMatch(/^unexpected_response: the API's answer is larger than 32 MiB/);
}

function expectAllOnce({ given, earlier, end }: Following, { world }: Upstream): void {
  const all = [...world.events.walk({ order: "oldest-first" })].map(({ event }) => event.id);
  expect([...earlier, ...given.map(({ id }) => id)].toSorted()).toEqual(all.toSorted());
  expect(end).toMatchObject({ outcome: "reached", progress: { searches: [{ status: "completed", found: 5 }] } });
}

/** The upstream's own list of events, as it answers at the moment. */
async function askForEvents({ handle }: Upstream): Promise<EventsAnswer> {
  const { headers, body } = await handle({ method: "GET", url: EVENTS, headers: { "x-api-key": "any" } });
  const events = JSON.parse(body).data as { createdAt: string }[];
  return { date: Date.parse(headers.date ?? ""), createdAt: events.map(({ createdAt }) => Date.parse(createdAt)) };
}
