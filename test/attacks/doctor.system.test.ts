import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import { HAS_PTY, TerminalProgram } from "../support/pty.ts";
import { test } from "../support/stdio-test.ts";

const KEY = "5b0e8c1e-7a34-4f5c-9d0a-canary77aa01";
const DAY_MS = 86_400_000;

/** An event of an API that nobody has described: times in microseconds, ids of another form, words of its own. */
function eventOf(number: number, at: number) {
  const hex = at.toString(16).padStart(12, "0");
  const id = `evt_${hex.slice(0, 8)}-${hex.slice(8)}-7${String(number).padStart(3, "0")}-8abc-${String(number).padStart(12, "0")}`;
  return {
    id,
    object: "event",
    type: number % 40 === 7 ? "webset.shared" : "webset.item.created",
    createdAt: `${new Date(at).toISOString().slice(0, -1)}${String(number % 1_000).padStart(3, "0")}Z`,
    actor: { email: `ada.${number}@lovelace-works.example`, mood: "curious-canary" },
    data: {
      id: `itm-${number}`,
      object: "webset_item",
      websetId: "ws-canary",
      updatedAt: new Date(at + 2_500).toISOString(),
      properties: {
        type: "company",
        url: `https://canary-${number}.example/?q=1`,
        description: "canary builds kites",
        staff: 31_337 + number,
      },
    },
  };
}

type Handle = (request: IncomingMessage, url: URL, response: ServerResponse) => boolean;

/** A plain server that lists oldest first, gives 50 at most, and leaves out what was created at the end of a range. */
async function foreignApi(instead: Handle = () => false) {
  const asked: string[] = [];
  const began = Date.now();
  const events = Array.from({ length: 130 }, (_, n) => eventOf(n, began - DAY_MS + n * 61_007));
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://api.example");
    asked.push(`${request.method} ${url.pathname} ${request.headers["x-api-key"] ?? "-"}`);
    if (instead(request, url, response)) return;
    const send = (status: number, body: unknown) => {
      response
        .writeHead(status, { "content-type": "application/json", "x-ratelimit-limit": "1200" })
        .end(JSON.stringify(body));
    };
    if (request.headers["x-api-key"] !== KEY) return send(401, { message: "No canary key", error: "Unauthorized" });
    const path = url.pathname.replace("/websets/v0/", "");
    if (path === "websets") return send(200, { data: [], hasMore: false, nextCursor: null });
    if (path !== "events") return send(404, { message: "Nothing here, canary", error: "Not Found" });
    const after = Date.parse(url.searchParams.get("createdAfter") ?? "2000-01-01T00:00:00Z");
    const before = Date.parse(url.searchParams.get("createdBefore") ?? "2100-01-01T00:00:00Z");
    const types = url.searchParams.getAll("types");
    const listed = events.filter(({ createdAt, type }) => {
      const time = Date.parse(createdAt);
      return time >= after && time < before && (types.length === 0 || types.includes(type));
    });
    const token = url.searchParams.get("cursor");
    const begin = token === null ? 0 : Number(Buffer.from(token, "base64url").toString().replace("offset canary ", ""));
    const end = begin + Math.min(50, Number(url.searchParams.get("limit") ?? 25));
    const nextCursor = end < listed.length ? Buffer.from(`offset canary ${end}`).toString("base64url") : null;
    send(200, { data: listed.slice(begin, end), hasMore: true, nextCursor, canaryField: "canary" });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { asked, env: { EXA_BASE_URL: `http://127.0.0.1:${port}`, EXA_API_KEY: KEY } };
}

const hasKey = (headers: IncomingMessage["headers"]) => headers["x-api-key"] !== undefined;

const findingsOf = (out: string) =>
  Object.fromEntries(
    out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
      .map((finding) => [finding.check, finding]),
  );

test.concurrent("an API that nobody has described is described, and nothing of its texts leaves with it", async ({
  startProgram,
}) => {
  const { asked, env } = await foreignApi();
  const folder = mkdtempSync(join(tmpdir(), "doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "seen.json");
  const program = startProgram(["doctor", "--record", file], env);
  expect(await program.exited).toEqual({ code: 0, signal: null });

  const found = findingsOf(program.stdout);
  expect(found.order.summary).toBe("oldest first");
  expect(found.account).toMatchObject({ status: "warn" });
  expect(found.pages.facts).toMatchObject({ withoutLimit: 25, largest: 50, aboveLargest: "taken" });
  expect(found["0003"].summary).toContain("createdAfter inclusive, createdBefore exclusive");
  expect(found["0005"].summary).toContain("hasMore with a null cursor");
  expect(found["0013"].summary).toContain("headers about limits");
  expect(found["0014"].summary).toContain("evt_ and 36 characters, a UUID that begins with the time");
  expect(found["0016"].summary).toContain("webset.shared");
  expect(found["0017"].status).toBe("confirmed");

  const recording = readFileSync(file, "utf8");
  const { facts, entries } = JSON.parse(recording);
  expect(entries.length).toBe(130);
  expect(facts).toMatchObject({ order: "oldest-first", idsSortByTime: true });
  for (const text of [recording, program.stdout, program.stderr]) {
    expect(text).not.toMatch(/canary|lovelace|curious|: ?31[34]\d\d\b/i);
    expect(text).not.toContain(KEY);
  }
  expect(new Set(asked.map((line) => line.split(" ")[0]))).toEqual(new Set(["GET"]));
  expect(asked[0]).toMatch(/ -$/);
  expect(asked.length).toBeLessThanOrEqual(30);
});

describe.concurrent("an API that hangs", () => {
  test("somewhere holds doctor for no longer than the limit of its check", async ({ startProgram }) => {
    const { env } = await foreignApi(({ headers }, { pathname }) => hasKey(headers) && pathname.endsWith("/events"));
    const program = startProgram(["doctor"], env);
    expect(await program.exited).toEqual({ code: 1, signal: null });
    expect(findingsOf(program.stdout).events).toMatchObject({ status: "fail" });
  });

  test("is left at once with Ctrl+C", async ({ startProgram }) => {
    const { asked, env } = await foreignApi(() => true);
    const program = startProgram(["doctor"], env);
    await expect.poll(() => asked.length, { timeout: 60_000 }).toBeGreaterThan(0);
    program.child.kill("SIGINT");
    expect(await program.exited).toEqual({ code: 130, signal: null });
    expect(program.stderr).toBe("Stopped before all was checked. The same command begins again.\n");
  });

  test("trickling its answers is no different", async ({ startProgram }) => {
    const { env } = await foreignApi(({ headers }, { pathname }, response) => {
      if (!hasKey(headers) || !pathname.endsWith("/events")) return false;
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 200);
      response.on("close", () => clearInterval(timer));
      return true;
    });
    const program = startProgram(["doctor"], env);
    expect(await program.exited).toEqual({ code: 1, signal: null });
  });
});

test.concurrent("an API that repeats the key in all it says gets none of it printed", async ({ startProgram }) => {
  const { env } = await foreignApi((_request, { pathname }, response) => {
    const status = pathname.endsWith("/events") ? 400 : 200;
    response.writeHead(status, { "content-type": "application/json", "x-request-id": KEY });
    response.end(JSON.stringify({ message: `no: ${KEY}`, error: KEY, object: KEY, concurrency: { active: KEY } }));
    return true;
  });
  const program = startProgram(["doctor"], env);
  const { code } = await program.exited;
  expect(code).toBe(1);
  expect(program.stdout + program.stderr).not.toContain(KEY);
});

describe.skipIf(!HAS_PTY).concurrent("in a terminal", () => {
  const startIn = (columns: number, args: readonly string[], env: Record<string, string>) => {
    const program = new TerminalProgram(["doctor", ...args], columns, env);
    onTestFinished(() => program.end());
    return program;
  };

  test.for([40, 80, 200])("of %d columns each check begins a line, and what it says is below it", async (columns) => {
    const { env } = await foreignApi();
    const program = startIn(columns, [], { ...env, EXA_API_KEY: "" });
    expect(await program.exited).toBe(5);
    const lines = program.screen.map((line) => line.trimEnd());
    const begun = lines.flatMap((line) => /^(?:ok|warn|fail|skip) +(\w+) /.exec(line)?.[1] ?? []);
    expect(begun.slice(0, 4)).toEqual(["node", "address", "key", "proxy"]);
    expect(begun.at(-1)).toBe("decisions");
    expect(lines.join("").replace(/\s+/g, " ")).toContain("To do: Get a key at https://dashboard.exa.ai/api-keys");
    expect(lines.at(-1)).toBe("Failed: key.");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });

  test("Ctrl+C while it looks at events leaves no file, and says so", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "doctor-")), "seen.json");
    onTestFinished(() => rmSync(dirname(file), { recursive: true }));
    const program = startIn(100, ["--sandbox", "--record", file], {});
    await program.shows("Looking at the events for a minute");
    program.interrupt();
    expect(await program.exited).toBe(130);
    expect(program.screen.at(-1)).toMatch(/Stopped before all was checked, and no file was written\./);
    expect(readdirSync(dirname(file))).toEqual([]);
  });
});
