import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type NginxOptions, startNginx } from "../support/nginx.ts";
import type { Program } from "../support/program.ts";
import { test } from "../support/stdio-test.ts";
import { A_KEY, callTool, type Legacy, openLegacy, openModern } from "./support.ts";

const HEADERS = { "x-exa-api-key": A_KEY };
/** Behind the name that nginx passes on. */
const NAMED = ["--allowed-hosts", "mcp"];

/** Where the program says that it listens. Unlike on stdio it ends when it is told to. */
function originOf(program: Program): Promise<string> {
  onTestFinished(() => void program.child.kill("SIGTERM"));
  return eventually(() => /http:\/\/[^ ]+(?=\/mcp)/.exec(program.stderr)?.[0], { what: "the server's start" });
}

/** The origin of an nginx that ends with the test. */
async function frontOf(options: NginxOptions): Promise<string> {
  const nginx = await startNginx(options);
  onTestFinished(() => nginx.close());
  return nginx.origin;
}

function post(origin: string, tool: string): Promise<Response> {
  return fetch(`${origin}/mcp`, {
    method: "POST",
    headers: { ...HEADERS, "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: {} } }),
  });
}

const portOf = (origin: string) => Number(new URL(origin).port);

const ERAS = [
  ["2025-11-25", async (url: string) => (await openLegacy(url, HEADERS)).client],
  ["2026-07-28", async (url: string) => (await openModern(url, HEADERS)) as unknown as Legacy],
] as const;

describe.each(ERAS)("a client of %s behind nginx's defaults", (_, open) => {
  test("bears a quiet wait of 10 s where nothing may be silent for 4", async ({ startProgram, startSandbox }) => {
    const { env } = await startSandbox();
    const origin = await originOf(startProgram(["http", "--port", "0", ...NAMED], env));
    const front = await frontOf({ upstreams: [portOf(origin)], settings: "proxy_read_timeout 4s;" });
    const client = await open(`${front}/mcp`);
    const args = { name: "wait_for_webset_event", arguments: { timeoutSeconds: 10, types: ["webset.export.created"] } };
    const { structuredContent } = await callTool(client, args, {});
    expect(structuredContent).toMatchObject({ outcome: "quiet", cursor: expect.any(String) });
  });

  test("ends a wait by leaving", async ({ startProgram, startSandbox }) => {
    const { env } = await startSandbox();
    const origin = await originOf(startProgram(["http", "--port", "0", ...NAMED], env));
    const front = await frontOf({ upstreams: [portOf(origin)] });
    const calls = async () =>
      /^websets_events_mcp_calls (\d+)$/m.exec(await (await fetch(`${origin}/metrics`)).text())?.[1];
    const client = await open(`${front}/mcp`);
    const cancel = new AbortController();
    const args = { name: "wait_for_webset_event", arguments: { timeoutSeconds: 25 } };
    const waiting = callTool(client, args, { signal: cancel.signal }).catch(() => "cancelled");
    await eventually(async () => (await calls()) === "1");
    cancel.abort();
    expect(await waiting).toBe("cancelled");
    await eventually(async () => (await calls()) === "0");
  });
});

describe("the name that nginx passes on", () => {
  test("has to be allowed", async ({ startProgram, startSandbox }) => {
    const { env } = await startSandbox();
    for (const [flags, status] of [
      [[], 403],
      [NAMED, 401],
      [["--allowed-hosts", "other,mcp:80"], 401],
    ] as const) {
      const origin = await originOf(startProgram(["http", "--port", "0", ...flags], env));
      const front = await frontOf({ upstreams: [portOf(origin)] });
      expect((await fetch(`${front}/mcp`, { method: "POST" })).status).toBe(status);
      expect((await fetch(`${front}/metrics`)).status).toBe(404);
    }
  });
});

describe("behind nginx, where several serve", () => {
  test("an answer that a killed server cut short does not look complete", async ({ startProgram, startSandbox }) => {
    const { env } = await startSandbox();
    const program = startProgram(["http", "--port", "0", ...NAMED], env);
    const front = await frontOf({ upstreams: [portOf(await originOf(program))] });
    const response = await post(front, "wait_for_webset_event");
    program.child.kill("SIGKILL");
    await expect(response.text()).rejects.toThrow();
  });

  test("another one answers what one that ends sends away", async ({ startProgram, startSandbox }) => {
    const { env } = await startSandbox();
    const asked: (string | undefined)[] = [];
    const ending = createServer((req, res) => {
      asked.push(req.method);
      req.resume().once("end", () => res.writeHead(503).end());
    });
    ending.listen(0, "127.0.0.1");
    await once(ending, "listening");
    onTestFinished(() => void ending.close());
    const { port } = ending.address() as AddressInfo;
    const origin = await originOf(startProgram(["http", "--port", "0", ...NAMED], env));
    const front = await frontOf({ upstreams: [port, portOf(origin)] });
    for (let i = 0; i < 3; i++) expect(await (await post(front, "list_websets")).text()).toContain("structuredContent");
    expect(asked).toContain("POST");
  });
});

describe("the program", () => {
  test("ends within 10 s of SIGTERM, with its waits answered", async ({ startProgram, startSandbox }) => {
    const { env } = await startSandbox();
    const program = startProgram(["http", "--port", "0", "--access-log"], env);
    const origin = await originOf(program);
    const client = await openModern(`${origin}/mcp`, HEADERS);
    const waiting = client.callTool({ name: "wait_for_webset_event", arguments: { timeoutSeconds: 25 } });
    await eventually(async () => (await (await fetch(`${origin}/metrics`)).text()).includes("mcp_calls 1\n"));
    program.child.kill("SIGTERM");
    const { structuredContent } = await waiting;
    expect(structuredContent).toMatchObject({
      outcome: expect.stringMatching(/behind|quiet/),
      cursor: expect.any(String),
    });
    expect(await program.exited).toEqual({ code: 0, signal: null });
    const entries = program.lines.map((line) => JSON.parse(line));
    expect(entries.map(({ tool }) => tool)).toContain("wait_for_webset_event");
    expect(program.stdout + program.stderr).not.toContain(A_KEY);
  });
});
