import { describe, expect, test } from "vitest";
import { createExaClient } from "../../src/exa/client.ts";
import { toFeedEvent } from "../../src/feed/event.ts";
import { WebsetsError } from "../../src/shared/errors.ts";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import { present } from "../../src/tools/summary.ts";
import { itemFacts } from "../../src/webset/item-facts.ts";
import { progressOf } from "../../src/webset/progress.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { type Exchange, RECORDED } from "../support/recorded.ts";
import { scriptedTransport } from "./scripted-transport.ts";

/** What the API answered, whatever it was asked for. */
type Fields = Record<string, unknown>;

/** A client that is answered each question with this status and body. */
function answeredWith({ status, date }: Pick<Exchange, "status" | "date">, body: unknown) {
  const clock = new FakeClock();
  return createExaClient({
    upstreamClock: new UpstreamClock(clock),
    baseUrl: new URL("https://api.exa.ai"),
    apiKey: "exa-test-key-1234",
    transport: scriptedTransport(clock, { status, headers: { date }, body: JSON.stringify(body) }),
    clock,
    version: "1.2.3",
  });
}

/** How each kind of resource is read, and what must have come of it. */
const READ: Record<string, (exchange: Exchange, body: Fields) => Promise<void>> = {
  async webset(exchange, body) {
    const { value, serverTime } = await answeredWith(exchange, body).getWebset("any");
    expect(value).toMatchObject(body);
    expect(serverTime).toBe(Date.parse(exchange.date));
    const progress = progressOf(value);
    expect(progress).toMatchObject({ websetId: body.id, status: body.status });
    const parts = [body, body.searches, body.enrichments, body.imports, body.monitors].flat() as Fields[];
    expect(progress.updatedAt).toBe(
      parts
        .map(({ updatedAt }) => String(updatedAt))
        .toSorted()
        .at(-1),
    );
    expect(progress.title ?? null).toBe(body.title);
    expect(progress.externalId ?? null).toBe(body.externalId);
    const searches = body.searches as Fields[];
    expect(progress.searches).toEqual(searches.map(searchProgressOf));
    const enrichments = body.enrichments as Fields[];
    expect(progress.enrichments).toEqual(
      enrichments.map(({ id, title, description, status }) => ({
        enrichmentId: id,
        title: title ?? description,
        status,
      })),
    );
    expect(progress.imports).toEqual(
      (body.imports as Fields[]).map(({ id, title, status, count }) => ({ importId: id, title, status, count })),
    );
    for (const search of searches) {
      if (search.status === "canceled") expect(progress.summary).not.toContain("%");
    }
  },
  async webset_search(exchange, body) {
    const { value } = await answeredWith(exchange, body).getSearch("any", "any");
    expect(value).toMatchObject(body);
  },
  async webset_item(exchange, body) {
    const { value: page } = await answeredWith(exchange, { data: [body], hasMore: true, nextCursor: null }).listItems(
      "any",
      {},
    );
    const { value } = await answeredWith(exchange, body).getItem("any", "any");
    expect(page).toEqual({ data: [value], malformed: 0, nextCursor: null });
    const { properties, evaluations, enrichments } = body as Record<string, Fields & Fields[]>;
    expect(value).toMatchObject({ id: body.id, websetId: body.websetId, createdAt: body.createdAt, enrichments });
    const facts = itemFacts(value, new Map());
    const entity = Object.values(properties as Fields).find((one) => typeof one === "object") as Fields;
    expect(facts).toMatchObject({ itemId: body.id, name: entity.name, url: properties?.url });
    const { length } = evaluations ?? [];
    expect(facts.criteria).toBe(`${length} of ${length}`);
  },
};

function searchProgressOf(search: Fields) {
  const { id, query, status, canceledReason, count, progress, createdAt, canceledAt, updatedAt } = search;
  const { found, analyzed, completion, timeLeft } = progress as Fields;
  const isCanceled = status === "canceled";
  return {
    searchId: id,
    query,
    status,
    ...(canceledReason === null ? {} : { canceledReason }),
    found,
    target: count,
    analyzed,
    completion: isCanceled ? null : completion,
    secondsLeft: isCanceled ? null : timeLeft,
    startedAt: createdAt,
    ...(isCanceled || status === "completed" ? { endedAt: canceledAt ?? updatedAt } : {}),
    seconds: isCanceled || status === "completed" ? expect.any(Number) : null,
  };
}

/** What an event of a resource is called, for no event was recorded. */
const EVENT_TYPES: Record<string, string> = {
  webset: "webset.idle",
  webset_search: "webset.search.updated",
  webset_item: "webset.item.enriched",
  webset_enrichment: "webset.enrichment.completed",
  import: "import.created",
};

/** Any resource as the data of an event: it comes out as it went in. */
async function readAsEvent(exchange: Exchange, body: Fields) {
  const type = EVENT_TYPES[body.object as string] as string;
  expect(type).toBeDefined();
  const event = { id: "event_1", object: "event", type, data: body, createdAt: body.createdAt };
  const page = { data: [event], hasMore: true, nextCursor: null };
  const { value } = await answeredWith({ ...exchange, status: 200 }, page).listEvents({});
  expect(value).toEqual({ events: [event], malformed: 0, hasMore: true, nextCursor: null });
  const presented = present(toFeedEvent(event as Parameters<typeof toFeedEvent>[0]), "full");
  expect(presented.resource).toMatchObject({ id: body.id });
  expect(presented.resource.status).toBe(body.status);
  expect(presented.websetId).toBe(body.object === "webset" ? body.id : body.websetId);
}

async function readList(exchange: Exchange, { data, hasMore, nextCursor }: Fields) {
  const elements = data as Fields[];
  const { value } = await answeredWith(exchange, exchange.body).listEvents({});
  // None of them is an event, but all are counted, and how the list goes on is read as it was told.
  expect(value).toEqual({ events: [], malformed: elements.length, hasMore, nextCursor });
  for (const element of elements) await read(exchange, element);
}

async function readRefusal(exchange: Exchange, body: Fields) {
  const client = answeredWith(exchange, body);
  for (const call of [client.getWebset("any"), client.listEvents({}), client.getEvent("any")]) {
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WebsetsError);
    expect(error).toMatchObject({ status: exchange.status, requestId: body.requestId, kind: "unauthorized" });
  }
}

async function read(exchange: Exchange, body: Fields): Promise<void> {
  await READ[body.object as string]?.(exchange, body);
  await readAsEvent(exchange, body);
}

describe("our own client reads what the API has answered", () => {
  test.each(RECORDED)("%s", async (_, exchanges) => {
    for (const exchange of exchanges) {
      const { status, body } = exchange;
      if (status >= 400) await readRefusal(exchange, body);
      else if (Array.isArray(body.data)) await readList(exchange, body);
      else await read(exchange, body);
    }
  });

  test("and all the kinds of answers are among that", () => {
    const all = RECORDED.flatMap(([, exchanges]) => exchanges);
    expect(RECORDED).toHaveLength(41);
    expect(all.length).toBeGreaterThan(130);
    const kinds = new Set(all.map(({ status, body }) => (status >= 400 ? "refusal" : (body.object ?? "list"))));
    expect([...kinds].sort()).toEqual([
      "import",
      "list",
      "refusal",
      "webset",
      "webset_enrichment",
      "webset_item",
      "webset_search",
    ]);
    const ended = all.filter(({ body }) => body.hasMore === true && body.nextCursor === null);
    expect(ended.map(({ path }) => path)).toEqual(["/websets/v0/imports"]);
    const canceled = all.flatMap(({ body }) => body.searches ?? []).filter(({ status }) => status === "canceled");
    expect(canceled.length).toBeGreaterThan(0);
    expect(canceled.every(({ progress }) => progress.completion === 100 && progress.timeLeft === 0)).toBe(true);
  });
});
