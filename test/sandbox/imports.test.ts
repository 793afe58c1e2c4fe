import { afterEach, describe, expect, test } from "vitest";
import { IMPORT_FAILURES } from "../../src/sandbox/resources.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/server.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { API, LONG_MS, openSandbox } from "./support.ts";

const COMPANIES = { format: "csv", size: 500, count: 12, entity: { type: "company" } } as const;

describe("an import", () => {
  test("is created with what was asked for and a place to upload to", async () => {
    const { post, clock } = openSandbox();
    const { status, json } = await post("/imports", { ...COMPANIES, title: "Customers", metadata: { a: "1" } });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      object: "import",
      status: "pending",
      format: "csv",
      entity: { type: "company" },
      title: "Customers",
      count: 12,
      metadata: { a: "1" },
      failedReason: null,
      failedAt: null,
      failedMessage: null,
    });
    expect(json.id).toMatch(/^import_/);
    expect(new URL(json.uploadUrl).hostname).toBe("uploads.example");
    expect(Date.parse(json.uploadValidUntil) - clock.wallTime()).toBe(3_600_000);
  });

  test("is processed and completed, as if its file had come", async () => {
    const { post, get, clock, events } = openSandbox();
    const { id, uploadUrl, uploadValidUntil, ...created } = (await post("/imports", COMPANIES)).json;
    expect(events()).toMatchObject([{ type: "import.created", data: { id, status: "pending" } }]);
    await clock.advance(190);
    expect((await get(`/imports/${id}`)).json.status).toBe("pending");
    await clock.advance(160);
    expect((await get(`/imports/${id}`)).json.status).toBe("processing");
    await clock.advance(5_000);
    expect((await get(`/imports/${id}`)).json.status).toBe("processing");
    await clock.advance(LONG_MS);
    const updatedAt = expect.any(String);
    expect((await get(`/imports/${id}`)).json).toEqual({ ...created, id, status: "completed", updatedAt });
    expect(events()).toHaveLength(2);
    expect(events()[1]).toMatchObject({ type: "import.completed", data: { id, status: "completed", count: 12 } });
  });

  test.each(IMPORT_FAILURES)("fails with %s where its metadata ask for it", async (reason) => {
    const { post, get, clock, events } = openSandbox();
    const { id } = (await post("/imports", { ...COMPANIES, metadata: { sandboxOutcome: reason } })).json;
    await clock.advance(LONG_MS);
    const { json } = await get(`/imports/${id}`);
    expect(json).toMatchObject({
      status: "failed",
      failedReason: reason,
      failedMessage: expect.stringMatching(/\w{3}/),
    });
    expect(json.failedAt).toBe(json.updatedAt);
    expect(events()).toHaveLength(2);
    expect(events()[1]).toMatchObject({ type: "import.completed", data: json });
  });

  test("is canceled where its metadata ask for it", async () => {
    const { post, get, clock, events } = openSandbox();
    const { id } = (await post("/imports", { ...COMPANIES, metadata: { sandboxOutcome: "canceled" } })).json;
    await clock.advance(LONG_MS);
    expect((await get(`/imports/${id}`)).json).toMatchObject({
      status: "canceled",
      failedReason: null,
      failedAt: null,
    });
    expect(events().map(({ type }) => type)).toEqual(["import.created", "import.completed"]);
  });

  test("fails at once where the sandbox is told so, and then stays as it is", async () => {
    const { world, send, clock, events } = openSandbox();
    const { id } = world.imports.create(COMPANIES);
    await clock.advance(1_000);
    const failed = await send("POST", `/sandbox/imports/${id}/fail`, { reason: "invalid_format" });
    expect(failed.json).toMatchObject({ id, status: "failed", failedReason: "invalid_format" });
    expect((await send("POST", `/sandbox/imports/${id}/fail`, { reason: "invalid_format" })).status).toBe(409);
    expect((await send("POST", `/sandbox/imports/${id}/fail`, { reason: "mood" })).status).toBe(422);
    await clock.advance(LONG_MS);
    expect(events().map(({ type }) => type)).toEqual(["import.created", "import.completed"]);
  });

  test("is listed, renamed and deleted, before its end too", async () => {
    const { world, get, send, remove, clock, events } = openSandbox();
    const ids: string[] = [];
    for (let count = 1; count <= 3; count++) {
      ids.push(world.imports.create({ ...COMPANIES, count }).id);
      await clock.advance(100);
    }
    const first = (await get("/imports?limit=2")).json;
    const second = (await get(`/imports?limit=2&cursor=${first.nextCursor}`)).json;
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids.toReversed());
    // As recorded: that was all.
    expect(second).toMatchObject({ hasMore: true, nextCursor: null });

    const renamed = await send("PATCH", `${API}/imports/${ids[0]}`, { title: "New name", metadata: { b: "2" } });
    expect(renamed.json).toMatchObject({ id: ids[0], title: "New name", metadata: { b: "2" } });
    expect((await get(`/imports/${ids[0]}`)).json).toEqual(renamed.json);

    expect((await remove(`/imports/${ids[0]}`)).json.id).toBe(ids[0]);
    expect((await get(`/imports/${ids[0]}`)).status).toBe(404);
    expect((await get("/imports")).json.data).toHaveLength(2);
    await clock.advance(LONG_MS);
    expect(events().filter(({ type }) => type === "import.completed")).toHaveLength(2);
  });

  test.each([
    ["no format", { ...COMPANIES, format: undefined }],
    ["a format there is none of", { ...COMPANIES, format: "webset" }],
    ["a file of more than 50 MB", { ...COMPANIES, size: 50_000_001 }],
    ["no entity", { ...COMPANIES, entity: undefined }],
  ])("with %s is refused", async (_, body) => {
    const { post, events } = openSandbox();
    expect((await post("/imports", body)).status).toBe(422);
    expect(events()).toEqual([]);
  });
});

describe("an uploaded file", () => {
  const open: Sandbox[] = [];
  afterEach(async () => {
    for (const sandbox of open.splice(0)) await sandbox.close();
  });

  async function upload(file: string, csv?: { identifier: number }) {
    const clock = new FakeClock();
    const sandbox = createSandbox({ clock });
    open.push(sandbox);
    const { url } = await sandbox.listen(0);
    const headers = { "x-api-key": "any" };
    const body = JSON.stringify({ ...COMPANIES, ...(csv === undefined ? {} : { csv }) });
    const created = (await (await fetch(`${url}${API}/imports`, { method: "POST", headers, body })).json()) as {
      id: string;
      uploadUrl: string;
    };
    expect(created.uploadUrl.startsWith(`${url}/`)).toBe(true);
    // Without a key, as an upload URL is used.
    const put = () => fetch(created.uploadUrl, { method: "PUT", body: file });
    expect((await put()).status).toBe(200);
    expect((await put()).status).toBe(409);
    await clock.advance(LONG_MS);
    return sandbox.world.imports.get(created.id);
  }

  test("is what the import goes by", async () => {
    const file = 'name,url\n"Acme, Inc.",https://acme.example/\nBeta,beta.example\n';
    expect(await upload(file)).toMatchObject({ status: "completed", count: 2 });
    expect(await upload(file, { identifier: 1 })).toMatchObject({ status: "completed", count: 2 });
  });

  test.each([
    ["is another format", '{"name":"Acme"}', undefined, "invalid_format"],
    ["is no text", "PK\u0003\u0004", undefined, "invalid_format"],
    ["has names only", "name,url\n", undefined, "invalid_file_content"],
    ["has records longer than its names", "url\na.example,b\n", undefined, "invalid_file_content"],
    ["has no addresses", "name,city\nAcme,Berlin\n", undefined, "missing_identifier"],
    ["has addresses elsewhere", "name,url\nAcme,acme.example\n", { identifier: 0 }, "missing_identifier"],
    ["lacks the column of addresses", "name,url\nAcme,acme.example\n", { identifier: 7 }, "missing_identifier"],
  ])("that %s lets the import fail", async (_, file, csv, reason) => {
    expect(await upload(file, csv)).toMatchObject({ status: "failed", failedReason: reason });
  });
});

describe("a Webset made from imports", () => {
  test("lists them as they are, and is running until they are finished", async () => {
    const { world, post, get, clock, events } = openSandbox();
    const { id: importId } = world.imports.create(COMPANIES);
    await clock.advance(1_000);
    const { status, json } = await post("/websets", { import: [{ source: "import", id: importId }] });
    expect(status).toBe(201);
    expect(json).toMatchObject({ status: "running", imports: [{ id: importId, status: "processing" }] });
    await clock.advance(LONG_MS);
    const later = (await get(`/websets/${json.id}`)).json;
    expect(later).toMatchObject({ status: "idle", imports: [{ id: importId, status: "completed" }] });
    expect(events().map(({ type }) => type)).toEqual([
      "import.created",
      "webset.created",
      "import.completed",
      "webset.idle",
    ]);
  });

  test("comes to its end though an import fails or is deleted", async () => {
    const { world, clock } = openSandbox();
    const failing = world.imports.create(COMPANIES);
    const deleted = world.imports.create(COMPANIES);
    const { id } = world.createWebset({ import: [failing, deleted].map((one) => ({ source: "import", id: one.id })) });
    world.imports.fail(failing.id, "invalid_format");
    world.imports.delete(deleted.id);
    await clock.advance(1_000);
    expect(world.getWebset(id)).toMatchObject({
      status: "idle",
      imports: [{ status: "failed" }, { status: "processing" }],
    });
  });

  test("takes another Webset's items as an import of their own", async () => {
    const { world, clock } = openSandbox();
    const { id: source } = world.createWebset({ search: { query: "Papers about grids", count: 4 } });
    await clock.advance(LONG_MS);
    const { id } = world.createWebset({ import: [{ source: "webset", id: source }] });
    await clock.advance(LONG_MS);
    expect(world.getWebset(id).imports).toMatchObject([
      { format: "webset", status: "completed", count: 4, entity: { type: "research_paper" } },
    ]);
  });

  test("is refused where one does not exist, and leaves nothing behind", async () => {
    const { world, post, get, events } = openSandbox();
    const { id: webset } = world.createWebset({});
    const before = events().length;
    const body = {
      import: [
        { source: "webset", id: webset },
        { source: "import", id: "import_no" },
      ],
    };
    expect((await post("/websets", body)).status).toBe(404);
    expect(events()).toHaveLength(before);
    expect((await get("/imports")).json.data).toEqual([]);
  });

  test("cannot be confined to the same import", async () => {
    const { world, post } = openSandbox();
    const source = { source: "import", id: world.imports.create(COMPANIES).id };
    expect((await post("/websets", { import: [source], search: { query: "x", scope: [source] } })).status).toBe(400);
  });
});
