import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { ERAS, type Session } from "../support/eras.ts";
import { html, refused, spoiling } from "../support/faulty.ts";
import { Program } from "../support/program.ts";
import { test } from "../support/stdio-test.ts";
import { openSandbox, type Upstream } from "../support/upstream.ts";

const FAST = ["--poll-interval", "0.2"];
const BODY = "text of the upstream that nobody asked for";

/** What the upstream answers for which event, what the agent is told, and how often it is asked. */
const KINDS = [
  {
    that: "a revoked key is unauthorized",
    id: "a-revoked-key",
    answer: refused(401, BODY),
    says: /^unauthorized: the API does not accept the key .*Check EXA_API_KEY/,
    asked: 1,
  },
  {
    that: "what the plan does not allow is forbidden",
    id: "not-in-the-plan",
    answer: refused(403, BODY),
    says: /^forbidden: .*"not-in-the-plan".*plan/,
    asked: 1,
  },
  {
    that: "an event nobody knows is not found, and the 60 days are mentioned",
    id: "unknown",
    answer: undefined,
    says: /^not_found: .*"unknown".*60 days/,
    asked: 1,
  },
  {
    that: "a 400 is an invalid request, with the API's own message",
    id: "a-bad-request",
    answer: refused(400, "eventId must look otherwise"),
    says: /^invalid_request: .*"eventId must look otherwise"/,
    asked: 1,
  },
  {
    that: "a 422 is an invalid request, too",
    id: "unprocessable",
    answer: refused(422, "no such shape"),
    says: /^invalid_request: .*"no such shape"/,
    asked: 1,
  },
  {
    that: "a 429 is rate limited, with the seconds, after four attempts",
    id: "too-many",
    answer: refused(429, BODY, { "retry-after": "1" }),
    says: /^rate_limited: .*The API asks to wait 1 s\. Wait, then call again/,
    asked: 4,
  },
  {
    that: "a 500 is unavailable, after four attempts",
    id: "broken",
    answer: refused(500, BODY),
    says: /^unavailable: .*\(500\)\. Call again/,
    asked: 4,
  },
  {
    that: "the page of a gateway is unavailable, and the page is not passed on",
    id: "a-gateway",
    answer: html(502),
    says: /^unavailable: .*\(502\)\. Call again/,
    asked: 4,
  },
  {
    that: "a page in place of JSON is an unexpected response",
    id: "a-page",
    answer: html(200),
    says: /^unexpected_response: the answer for event "a-page" is a page of HTML\. .*EXA_BASE_URL/,
    asked: 4,
  },
  {
    that: "a page that says 404 is an unexpected response and not a missing event",
    id: "another-site",
    answer: html(404, "Not found"),
    says: /^unexpected_response: .*status 404/,
    asked: 1,
  },
  {
    that: "JSON of another shape is an unexpected response",
    id: "a-wrong-shape",
    answer: (answer: object) => ({ ...answer, status: 200, headers: {}, body: '{"events":"none"}' }),
    says: /^unexpected_response: /,
    asked: 4,
  },
  {
    that: "a redirect is an unexpected response that names its host, and not followed",
    id: "a-redirect",
    answer: refused(302, BODY, { location: "https://example.com/" }),
    says: /^unexpected_response: .*redirect to example\.com \(302\)/,
    asked: 1,
  },
];

/** Per era and event, what the agent is told. All of it is asked for at once, for the retries take their time. */
const told = new Map<string, Promise<string | undefined>>();
const upstreams = new Map<string, Upstream>();
const sessions: Session[] = [];

beforeAll(async () => {
  const spoils = KINDS.flatMap(({ id, answer }) => (answer === undefined ? [] : [[id, answer] as const]));
  for (const era of ERAS) {
    const upstream = await openSandbox({ faults: spoiling(Object.fromEntries(spoils)) });
    upstreams.set(era.name, upstream);
    const session = await era.open(new Program(FAST, upstream.env));
    sessions.push(session);
    for (const { id } of KINDS) {
      const call = session.call("get_webset_event", { eventId: id }).then(({ error }) => error);
      call.catch(() => {});
      told.set(`${era.name} ${id}`, call);
    }
  }
});
afterAll(async () => {
  for (const { program } of sessions) await program.end();
  for (const upstream of upstreams.values()) await upstream.close();
});

describe.each(ERAS)("over stdio in the era of $name", (era) => {
  test.each(KINDS.map((kind) => [kind.that, kind] as const))("%s", async (_that, { id, says, asked }) => {
    const text = await told.get(`${era.name} ${id}`);
    expect(text).toMatch(says);
    expect(text).not.toContain(BODY);
    expect(text).not.toContain("<h1>");
    const requests = upstreams.get(era.name)?.requests.latest ?? [];
    expect(requests.filter(({ path }) => path.endsWith(`/${id}`))).toHaveLength(asked);
  });

  test("without a key every tool says how to set one, and asks nobody", async ({ startProgram }) => {
    const session = await era.open(startProgram([], { EXA_BASE_URL: "http://127.0.0.1:9" }));
    const args: Record<string, object> = {
      get_webset_event: { eventId: "evt_1" },
      get_webset_progress: { websetId: "webset_1" },
      wait_for_webset: { websetId: "webset_1" },
    };
    for (const { name } of session.tools) {
      const { error } = await session.call(name, { ...args[name] });
      expect(error).toMatch(/^missing_key: .*Set EXA_API_KEY .*restart.*--sandbox/);
    }
    expect(session.program.stderr).toContain("EXA_API_KEY is not set");
    const [content] = await session.readResource("websets://event-types");
    expect(content?.text).toContain("webset.search.completed");
  });

  test("a wait that had no answer in its whole time says so, long before one that has more time", async ({
    startProgram,
  }) => {
    const { port } = await closedPort();
    const env = { EXA_BASE_URL: `http://127.0.0.1:${port}`, EXA_API_KEY: "any" };
    const session = await era.open(startProgram(FAST, env));
    const done: number[] = [];
    const longer = session.call("wait_for_webset", { websetId: "webset_1", timeoutSeconds: 10 });
    void longer.finally(() => done.push(10)).catch(() => {});
    const answers = await Promise.all([
      session.call("wait_for_webset", { websetId: "webset_1", timeoutSeconds: 0 }),
      session.call("wait_for_webset_event", { timeoutSeconds: 0 }),
    ]);
    expect(done).toEqual([]);
    for (const { error } of answers) expect(error).toMatch(/^unavailable: .*Call again/);
  });
});

/** A port on which nobody listens. */
async function closedPort(): Promise<{ port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return { port };
}
