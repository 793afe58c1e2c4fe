import { describe, expect, test } from "vitest";
import { API, LONG_MS, openSandbox, ROBOTS } from "./support.ts";

describe("Websets", () => {
  test("are created with what was asked for and what the API adds", async () => {
    const { post } = openSandbox();
    const { status, json } = await post("/websets", { ...ROBOTS, externalId: "crm/7", metadata: { team: "sales" } });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      object: "webset",
      status: "running",
      externalId: "crm/7",
      title: null,
      metadata: { team: "sales" },
      imports: [],
      monitors: [],
    });
    expect(json.id).toMatch(/^webset_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(json.searches[0]).toMatchObject({
      object: "webset_search",
      websetId: json.id,
      entity: { type: "company" },
      count: 8,
      status: "running",
      criteria: [],
      progress: { found: 0, analyzed: 0, completion: 0, timeLeft: null },
    });
    expect(json.enrichments[0]).toMatchObject({
      object: "webset_enrichment",
      status: "pending",
      format: "email",
      title: null,
      instructions: null,
    });
    expect(json).not.toHaveProperty("items");
  });

  test("are found by id and by externalId, with their items when asked", async () => {
    const { clock, post, get } = openSandbox();
    const { id } = (await post("/websets", { ...ROBOTS, externalId: "crm/7" })).json;
    await clock.advance(LONG_MS);
    expect((await get(`/websets/${id}`)).json.items).toEqual([]);
    const { json } = await get("/websets/crm%2F7?expand=items");
    expect(json.id).toBe(id);
    expect(json.items).toHaveLength(8);
  });

  test("are listed page by page", async () => {
    const { world, clock, get } = openSandbox();
    for (let number = 0; number < 5; number++) {
      world.createWebset({ externalId: `w${number}` });
      await clock.advance(1_000);
    }
    const first = (await get("/websets?limit=3")).json;
    expect(first.hasMore).toBe(true);
    const second = (await get(`/websets?limit=3&cursor=${first.nextCursor}`)).json;
    expect(second).toMatchObject({ hasMore: false, nextCursor: null });
    const names = [...first.data, ...second.data].map(({ externalId }) => externalId);
    expect(names).toEqual(["w4", "w3", "w2", "w1", "w0"]);
  });

  test("take new metadata, and null for none", async () => {
    const { world, post } = openSandbox();
    const { id } = world.createWebset({ externalId: "mine", metadata: { a: "1" } });
    expect((await post("/websets/mine", { metadata: { b: "2" } })).json.metadata).toEqual({ b: "2" });
    expect((await post(`/websets/${id}`, { metadata: null })).json.metadata).toEqual({});
  });

  test("refuse an externalId that is taken with a 409", async () => {
    const { post } = openSandbox();
    await post("/websets", { externalId: "mine" });
    expect((await post("/websets", { externalId: "mine" })).status).toBe(409);
  });
});

describe("what belongs to a Webset", () => {
  test("is created, read and canceled below it", async () => {
    const { world, clock, post, get } = openSandbox();
    const { id } = world.createWebset({});
    const search = (await post(`/websets/${id}/searches`, { query: "Research papers on grids", count: 3 })).json;
    expect(search).toMatchObject({ status: "running", behavior: "override", entity: { type: "research_paper" } });
    const enrichment = (await post(`/websets/${id}/enrichments`, { description: "Email of the author" })).json;
    expect(enrichment).toMatchObject({ status: "pending", format: "email" });
    const made = (await post(`/websets/${id}/exports`, { format: "xlsx" })).json;
    expect(made).toMatchObject({ status: "pending", websetId: id });
    await clock.advance(LONG_MS);
    expect((await get(`/websets/${id}/searches/${search.id}`)).json.status).toBe("completed");
    expect((await get(`/websets/${id}/enrichments/${enrichment.id}`)).json.status).toBe("completed");
    expect((await get(`/websets/${id}/exports/${made.id}`)).json.status).toBe("completed");
  });

  test("takes the Webset's externalId for items and enrichments, and its id alone for searches", async () => {
    const { world, clock, get, post } = openSandbox();
    const { id, searches, enrichments } = world.createWebset({ ...ROBOTS, externalId: "mine" });
    await clock.advance(LONG_MS);
    const { data } = (await get("/websets/mine/items?limit=1")).json;
    for (const path of ["items", `items/${data[0].id}`, `enrichments/${enrichments[0]?.id}`]) {
      expect((await get(`/websets/mine/${path}`)).json).toEqual((await get(`/websets/${id}/${path}`)).json);
      expect((await get(`/websets/mine/${path}`)).status).toBe(200);
    }
    expect((await post("/websets/mine/enrichments", { description: "Phone" })).json.websetId).toBe(id);
    expect((await get(`/websets/${id}/searches/${searches[0]?.id}`)).status).toBe(200);
    expect((await get(`/websets/mine/searches/${searches[0]?.id}`)).status).toBe(404);
  });

  test("is unknown below another Webset", async () => {
    const { world, get } = openSandbox();
    const one = world.createWebset(ROBOTS);
    const other = world.createWebset({});
    expect((await get(`/websets/${other.id}/searches/${one.searches[0]?.id}`)).status).toBe(404);
  });
});

describe("ids", () => {
  const decode = (id: string) =>
    [...(id.split("_")[1] ?? "").slice(0, 10)].reduce(
      (time, digit) => time * 32 + "0123456789abcdefghjkmnpqrstvwxyz".indexOf(digit),
      0,
    );

  test("begin with the time of creation, and so sort by it", async () => {
    const { world, clock, post } = openSandbox();
    const ids: string[] = [];
    for (let number = 0; number < 5; number++) {
      const { json } = await post("/websets", { search: { query: "Robots", count: 1 } });
      expect(decode(json.id)).toBe(clock.wallTime());
      expect(json.searches[0].id).toMatch(/^wsearch_[0-9a-hjkmnp-tv-z]{26}$/);
      expect(decode(json.searches[0].id)).toBe(clock.wallTime());
      ids.push(json.id);
      await clock.advance(7);
    }
    expect(ids.toSorted()).toEqual(ids);
    await clock.advance(LONG_MS);
    const [item] = [...world.listItems(ids[0] ?? "", { order: "oldest-first" })];
    expect(item?.id).toMatch(/^witem_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(decode(item?.id ?? "")).toBe(item?.time);
  });

  test("of enrichments have another form where they were created together with their Webset", async () => {
    const { clock, post } = openSandbox();
    const { id, enrichments } = (await post("/websets", ROBOTS)).json;
    expect(enrichments[0].id).toMatch(/^wenrich_c[0-9a-z]{24}$/);
    expect(Number.parseInt(enrichments[0].id.slice(9, 17), 36)).toBe(clock.wallTime());
    const later = (await post(`/websets/${id}/enrichments`, { description: "Phone" })).json;
    expect(later.id).toMatch(/^wenrich_[0-9a-hjkmnp-tv-z]{26}$/);
  });

  test("without their prefix are the cursors of lists, also when what they named is gone", async () => {
    const { world, clock, get, remove } = openSandbox();
    for (let number = 0; number < 4; number++) {
      world.createWebset({ externalId: `w${number}` });
      await clock.advance(1_000);
    }
    const { data, nextCursor } = (await get("/websets?limit=2")).json;
    expect(`webset_${nextCursor}`).toBe(data[1].id);
    await remove(`/websets/${data[1].id}`);
    const rest = (await get(`/websets?cursor=${nextCursor}`)).json.data;
    expect(rest.map(({ externalId }: { externalId: string }) => externalId)).toEqual(["w1", "w0"]);
  });
});

describe("the team", () => {
  test("has as many requests under way as Websets that run", async () => {
    const { world, clock, get } = openSandbox();
    world.createWebset(ROBOTS);
    world.createWebset({});
    const team = { object: "team", name: "Sandbox", limits: { maxConcurrent: null, maxQueued: null } };
    expect((await get("/teams/me")).json).toMatchObject({ ...team, concurrency: { active: 1, queued: 0 } });
    await clock.advance(LONG_MS);
    expect((await get("/teams/me")).json).toMatchObject({ ...team, concurrency: { active: 0, queued: 0 } });
  });
});

describe("enrichments", () => {
  test("are changed, canceled a moment after the answer, and deleted", async () => {
    const { world, clock, get, post, send, remove, events } = openSandbox();
    const { id, enrichments } = world.createWebset(ROBOTS);
    const [first, second] = enrichments.map((one) => `/websets/${id}/enrichments/${one.id}`);
    const changed = await send("PATCH", API + first, { description: "Phone of the office", format: "phone" });
    expect(changed.json).toMatchObject({ description: "Phone of the office", format: "phone", status: "pending" });
    expect((await post(`${first}/cancel`)).json.status).toBe("pending");
    expect((await get(`${first}`)).json.status).toBe("canceled");
    expect((await remove(`${second}`)).json.status).toBe("canceled");
    expect((await get(`${second}`)).status).toBe(404);
    await clock.advance(LONG_MS);
    expect(events().map(({ type }) => type)).not.toContain("webset.item.enriched");
    expect(world.getWebset(id)).toMatchObject({ status: "idle", enrichments: [{ status: "canceled" }] });
  });
});

describe("items", () => {
  test("come page by page, by source, and one by one", async () => {
    const { world, clock, get } = openSandbox();
    const { id, searches } = world.createWebset(ROBOTS);
    await clock.advance(LONG_MS);
    const first = (await get(`/websets/${id}/items?limit=5`)).json;
    const second = (await get(`/websets/${id}/items?limit=5&cursor=${first.nextCursor}`)).json;
    const items = [...first.data, ...second.data];
    expect(new Set(items.map((item) => item.id)).size).toBe(8);
    expect((await get(`/websets/${id}/items?sourceId=${searches[0]?.id}`)).json.data).toHaveLength(8);
    expect((await get(`/websets/${id}/items?sourceId=other`)).json.data).toHaveLength(0);
    const times = items.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted());
    expect((await get(`/websets/${id}/items/${items[0].id}`)).json).toEqual(items[0]);
  });

  test("are believable, and nothing in them leads to anybody real", async () => {
    const { world, clock } = openSandbox();
    const queries = {
      company: "Companies in Germany",
      person: "Engineers in Canada",
      article: "News about ports",
      research_paper: "Papers about proteins",
    };
    for (const [type, query] of Object.entries(queries)) {
      const { id } = world.createWebset({ search: { query, count: 5 }, enrichments: [...ROBOTS.enrichments] });
      await clock.advance(LONG_MS);
      const items = [...world.listItems(id, { order: "oldest-first" })].map(({ item }) => item);
      expect(new Set(items.map(({ properties }) => properties.url)).size).toBe(5);
      for (const { properties, evaluations, enrichments } of items) {
        expect(properties.type).toBe(type);
        expect(new URL(properties.url).hostname).toMatch(/\.example$/);
        expect(evaluations.every(({ satisfied, reasoning }) => satisfied === "yes" && reasoning !== "")).toBe(true);
        expect(enrichments?.[0]?.result?.[0] ?? "none@x.example").toMatch(/@.*\.example$/);
        if (properties.type === "person") expect(properties).not.toHaveProperty("content");
        else expect(properties.content?.length).toSatisfy((length: number) => length >= 3_000 && length <= 60_000);
      }
    }
  });
});

describe("errors", () => {
  test.each([
    ["no such Webset", "GET", "/websets/webset_no", undefined, 404],
    ["no such event", "GET", "/events/event_no", undefined, 404],
    ["no such path", "GET", "/nothing", undefined, 404],
    ["percent-encoding that is none", "GET", "/websets/%E0%A4%A", undefined, 404],
    ["a method the path does not have", "PUT", "/websets", undefined, 405],
    ["a limit of nothing", "GET", "/events?limit=0", undefined, 400],
    ["a limit above the maximum", "GET", "/events?limit=201", undefined, 400],
    ["a limit that is no number", "GET", "/events?limit=ten", undefined, 400],
    ["an event type that does not exist", "GET", "/events?types=webset.idle&types=webset.idel", undefined, 400],
    ["a time without zone", "GET", "/events?createdAfter=2026-11-01T12:00:00", undefined, 400],
    ["a day that does not exist", "GET", "/events?createdBefore=2026-13-41T12:00:00Z", undefined, 400],
    ["a cursor of somebody else", "GET", "/events?cursor=abc", undefined, 400],
    ["an unknown expansion", "GET", "/websets/webset_no?expand=events", undefined, 400],
    ["a body that is not JSON", "POST", "/websets", "{", 400],
    ["a body that is no object", "POST", "/websets", [], 422],
    ["a search without query", "POST", "/websets", { search: { count: 1 } }, 422],
    ["a count of nothing", "POST", "/websets", { search: { query: "x", count: 0 } }, 422],
    ["an unknown entity", "POST", "/websets", { search: { query: "x", entity: { type: "planet" } } }, 422],
    [
      "six criteria",
      "POST",
      "/websets",
      { search: { query: "x", criteria: Array(6).fill({ description: "x" }) } },
      422,
    ],
    ["metadata that is no text", "POST", "/websets", { metadata: { a: 1 } }, 422],
    ["a body of more than a mebibyte", "POST", "/websets", JSON.stringify("x".repeat(2 ** 20)), 413],
  ])("%s is refused in Exa's shape", async (_, method, path, body, status) => {
    const { send, clock } = openSandbox();
    const answer = await send(method, API + path, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({
      error: expect.any(String),
      message: expect.any(String),
      statusCode: status,
      timestamp: new Date(clock.wallTime()).toISOString(),
      path: path.replace(/^/, "/v0").split("?")[0],
    });
    expect(answer.headers).not.toHaveProperty("x-request-id");
  });

  test.each([
    ["/events?type=webset.idle", "type"],
    ["/websets?status=running", "status"],
    ["/websets/webset_no?expand=items&items=1", "items"],
    ["/imports?search=x", "search"],
  ])("a query parameter that %s does not have is a 400 that names it", async (path, name) => {
    const { status, json } = await openSandbox().get(path);
    expect(status).toBe(400);
    expect(json.message).toContain(name);
  });

  test("the key invalid is refused as the API was seen to refuse one", async () => {
    const { sandbox } = openSandbox();
    for (const headers of [{ "x-api-key": "invalid" }, { authorization: "Bearer invalid" }]) {
      const { status, body } = await sandbox.handle({ method: "GET", url: `${API}/events`, headers });
      expect(status).toBe(400);
      expect(JSON.parse(body)).toEqual({
        requestId: expect.stringMatching(/^[0-9a-z]{32}$/),
        error: "x-api-key header is invalid",
      });
    }
  });

  test("without a key everything is a 401", async () => {
    const { sandbox } = openSandbox();
    for (const headers of [{}, { "x-api-key": "  " }, { authorization: "Basic abc" }]) {
      expect((await sandbox.handle({ method: "GET", url: `${API}/events`, headers })).status).toBe(401);
    }
    for (const headers of [{ "X-API-Key": "any" }, { Authorization: "Bearer any" }]) {
      expect((await sandbox.handle({ method: "GET", url: `${API}/events`, headers })).status).toBe(200);
    }
  });
});

describe("faults", () => {
  test("may answer in place of the API, whose requests are counted all the same", async () => {
    const { sandbox, get, send } = openSandbox({
      faults: {
        intercept: async (request, next) =>
          request.url.includes("events") ? { status: 503, headers: {}, body: '"down"' } : next(),
      },
    });
    expect((await get("/events")).status).toBe(503);
    expect((await get("/websets")).status).toBe(200);
    expect((await send("GET", "/sandbox/requests")).status).toBe(200);
    expect(sandbox.requests.total).toBe(2);
  });
});
