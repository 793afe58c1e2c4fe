import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Transport } from "../../src/exa/http.ts";
import { encodeCursor } from "../../src/feed/cursor.ts";
import { positionAt } from "../../src/feed/position.ts";
import { tell } from "../../src/http/answer.ts";
import { answerPost } from "../../src/http/exchange.ts";
import { TENANT_LIMITS } from "../../src/http/limits.ts";
import { Tenants } from "../../src/http/tenants.ts";
import { readMessages } from "../../src/messages/read-message.ts";
import { silentLog } from "../../src/shared/log.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** A response whose bytes go nowhere. */
const unread = () => new ServerResponse(new IncomingMessage(new Socket()));

/** An API with an event a second in the last hours, which gives 50 a page, newest first. */
function busyApi(clock: FakeClock) {
  const api = { asked: 0 };
  const transport: Transport = async ({ url }) => {
    api.asked++;
    const { searchParams } = new URL(url);
    const timeOf = (name: string, otherwise: number) => Date.parse(searchParams.get(name) ?? "") || otherwise;
    const oldest = Math.ceil(timeOf("createdAfter", 0) / 1_000);
    const newest = Math.floor(Math.min(timeOf("createdBefore", Number.POSITIVE_INFINITY), clock.wallTime()) / 1_000);
    const begin = newest - Number(searchParams.get("cursor") ?? 0);
    const end = Math.max(oldest - 1, begin - 50);
    const data = Array.from({ length: Math.max(0, begin - end) }, (_, n) => ({
      id: `event-${begin - n}`,
      type: "webset.item.created",
      createdAt: new Date((begin - n) * 1_000).toISOString(),
      data: { id: `item-${begin - n}`, object: "webset_item", websetId: "ws_1" },
    }));
    const hasMore = end >= oldest;
    const body = JSON.stringify({ data, hasMore, nextCursor: hasMore ? String(newest - end) : null });
    return { status: 200, headers: { date: new Date(clock.wallTime()).toUTCString() }, body };
  };
  return { api, transport };
}

/** A tenant of it, and what answers one message of its client into a response. */
function opened() {
  const clock = new FakeClock();
  const { api, transport } = busyApi(clock);
  const config = {
    baseUrl: new URL("http://127.0.0.1:9"),
    pollInterval: 1,
    maxWait: undefined,
    noTasks: false,
    maxTaskWait: 3_600,
  };
  const closing = new AbortController().signal;
  const tenants = new Tenants({ config, transport, clock, log: silentLog, limits: TENANT_LIMITS, closing });
  onTestFinished(() => tenants.close());
  const tenant = tenants.of({ apiKey: "a key" });
  if (tenant === undefined) throw new Error("there is no tenant");
  const answer = (method: string, params: object, res: ServerResponse) => {
    const body = { reads: readMessages(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })), isBatch: false };
    const headers = { accept: "*/*", "content-type": "application/json" };
    return answerPost(tenant, { body, headers, newSession: () => "s" }, res);
  };
  return { clock, api, tenant, answer };
}

function close(res: ServerResponse): void {
  Object.defineProperty(res, "closed", { value: true });
  res.emit("close");
}

test("a stream of events goes no further than its reader", async () => {
  const { clock, api, tenant, answer } = opened();
  const cursor = encodeCursor(positionAt(clock.wallTime() - 3 * 3_600_000));
  const res = unread();
  const answered = answer("events/stream", { name: "websets.event", cursor }, res);

  await clock.advance(60_000);
  const { asked } = api;
  expect(asked).toBeGreaterThan(0);
  await clock.advance(600_000);
  expect(api.asked).toBe(asked);
  expect(res.writableLength).toBeLessThan(2 ** 16);
  close(res);
  await answered;
  expect(tenant.streams).toBe(0);
});

test("a call counts until its reader has all of it", async () => {
  const { clock, tenant, answer } = opened();
  const res = unread();
  const answered = answer("tools/list", {}, res);
  await clock.advance(1_000);
  expect([res.writableEnded, tenant.calls]).toEqual([true, 1]);
  close(res);
  await answered;
  expect(tenant.calls).toBe(0);
});

test("who does not read updates for long is cut, and not left with old ones", () => {
  const res = unread();
  for (let n = 0; !res.destroyed; n++) {
    expect(n).toBeLessThan(20_000);
    tell(res, `data: ${"x".repeat(94)}\n\n`);
  }
  expect(res.writableLength).toBeGreaterThan(2 ** 20);
});
