import type { ServerResponse } from "node:http";
import { describe, expect } from "vitest";
import { ERAS } from "../support/eras.ts";
import { test } from "../support/stdio-test.ts";

const FAST = ["--poll-interval", "0.2"];

/** What an API written for these tests answers: a status and JSON. */
type Answer = [status: number, json: object, headers?: Record<string, string>];

const list = (...data: object[]): Answer => [200, { data, hasMore: false, nextCursor: null }];
const denied = (status: number): Answer => [status, { statusCode: status, message: "Denied", error: "Denied" }];
const webset = (status: string): Answer => [
  200,
  { id: "webset_1", status: status === "completed" ? "idle" : "running", searches: [{ id: "wsearch_1", status }] },
];

/** An API of one Webset: what it answers for its state and for the list of events, by how often it was asked for each. */
function api(state: (asked: number) => Answer, events: (asked: number) => Answer) {
  const asked = { state: 0, events: 0 };
  const handler = ({ url = "" }: { url?: string | undefined }, response: ServerResponse) => {
    const path = url.includes("/events") ? "events" : "state";
    const [status, json, headers] = (path === "events" ? events : state)(++asked[path]);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(json));
  };
  return { handler, asked };
}

describe.concurrent.each(ERAS)("a wait for a Webset in the era of $name", (era) => {
  test.for([403, 404, 503])(
    "ends by the state where the list of events answers %i",
    async (status, { startProgram, startStandIn }) => {
      const { handler } = api(
        (n) => webset(n < 3 ? "running" : "completed"),
        () => denied(status),
      );
      const session = await era.open(startProgram(FAST, (await startStandIn(handler)).env));
      const { value } = await session.call("wait_for_webset", { websetId: "webset_1", timeoutSeconds: 25 });
      expect(value).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
    },
  );

  test("ends by the state though no event ever comes", async ({ startProgram, startStandIn }) => {
    const { handler, asked } = api(
      (n) => webset(n < 2 ? "running" : "completed"),
      () => list(),
    );
    const session = await era.open(startProgram(FAST, (await startStandIn(handler)).env));
    const { value } = await session.call("wait_for_webset", { websetId: "webset_1", timeoutSeconds: 25 });
    expect(value).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
    expect(asked.state).toBe(2);
  });

  test("does not call a Webset deleted for one 404", async ({ startProgram, startStandIn }) => {
    const paused = {
      id: "event_1",
      type: "webset.paused",
      createdAt: new Date().toISOString(),
      data: { id: "webset_1" },
    };
    const { handler } = api(
      (n) => (n === 2 ? denied(404) : webset(n < 4 ? "running" : "completed")),
      (n) => (n < 4 ? list() : list(paused)),
    );
    const session = await era.open(startProgram(FAST, (await startStandIn(handler)).env));
    const { value } = await session.call("wait_for_webset", { websetId: "webset_1", timeoutSeconds: 25 });
    expect(value).toMatchObject({ outcome: "reached" });
  });

  test("ends by an event after one Date an hour ahead, without a further request", async ({
    startProgram,
    startStandIn,
  }) => {
    const ahead = () => ({ date: new Date(Date.now() + 3_600_000).toUTCString() });
    const completedAt = Date.now() + 2_000;
    const event = () => ({
      id: "event_1",
      type: "webset.search.completed",
      createdAt: new Date(completedAt).toISOString(),
      data: { id: "wsearch_1", websetId: "webset_1", status: "completed" },
    });
    const { handler, asked } = api(
      (n) => (n === 1 ? [...(webset("running").slice(0, 2) as [number, object]), ahead()] : webset("running")),
      () => (Date.now() < completedAt ? list() : list(event())),
    );
    const session = await era.open(startProgram(FAST, (await startStandIn(handler)).env));
    const { value } = await session.call("wait_for_webset", { websetId: "webset_1", timeoutSeconds: 14 });
    expect(value).toMatchObject({ outcome: "reached", progress: { searches: [{ status: "completed" }] } });
    expect(asked.state).toBe(1);
  });
});
