import { describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod/v4";
import { abortError, WebsetsError } from "../../src/shared/errors.ts";
import { createLog } from "../../src/shared/log.ts";
import { type CallContext, defineTool } from "../../src/tools/define.ts";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

/** A tool that does what a test wants. */
const tool = (run: (args: { text: string }, context: CallContext) => Promise<{ told: unknown }>) =>
  defineTool({
    name: "try_it",
    title: "Try it",
    description: "Try it.",
    idempotent: false,
    input: z.strictObject({ text: z.string().default("nothing") }),
    output: z.object({ told: z.unknown() }),
    run,
  });

async function open(run: Parameters<typeof tool>[0], options: ToolWorldOptions = {}) {
  const lines: string[] = [];
  const serverLog = createLog("debug", (line) => lines.push(line));
  const world = await openToolWorld({ tools: [tool(run)], serverLog, ...options });
  onTestFinished(() => world.close());
  return { ...world, lines };
}

describe("a tool that is mounted", () => {
  test("is listed with its schemas and hints, in the protocol's own dialect", async () => {
    const { client } = await open(async () => ({ told: 1 }));
    expect((await client.listTools()).tools).toEqual([
      {
        name: "try_it",
        title: "Try it",
        description: "Try it.",
        inputSchema: {
          type: "object",
          properties: { text: { type: "string", default: "nothing", description: 'Default "nothing".' } },
          additionalProperties: false,
        },
        outputSchema: {
          type: "object",
          properties: { told: {} },
          required: ["told"],
          additionalProperties: false,
        },
        annotations: { readOnlyHint: true, openWorldHint: true },
      },
    ]);
  });

  test("gets its arguments with their defaults, and answers as JSON and as a structure", async () => {
    const { call, client } = await open(async ({ text }) => ({ told: text }));
    expect((await call("try_it")).value).toEqual({ told: "nothing" });
    expect((await call("try_it", { text: "ä" })).value).toEqual({ told: "ä" });
    expect(await client.callTool({ name: "try_it" })).toMatchObject({ structuredContent: { told: "nothing" } });
  });

  test("is not run with arguments that are wrong", async () => {
    let runs = 0;
    const { call } = await open(async () => ({ told: ++runs }));
    expect((await call("try_it", { text: 5, more: 1 })).error).toMatch(/^invalid_request: .*text.*"more"/);
    expect(runs).toBe(0);
  });

  test("is not run without a key", async () => {
    let runs = 0;
    const { call } = await open(async () => ({ told: ++runs }), { hasKey: false });
    expect((await call("try_it")).error).toMatch(/^missing_key: .*EXA_API_KEY/);
    expect(runs).toBe(0);
  });

  test("tells an error of ours to the agent, and to the operator what support needs", async () => {
    const { call, lines } = await open(async () => {
      throw new WebsetsError("rate_limited", {
        what: "too fast",
        status: 429,
        requestId: "req_1",
        retryAfterMs: 1_500,
      });
    });
    expect((await call("try_it")).error).toBe(
      "rate_limited: too fast. The API asks to wait 2 s. Wait, then call again; nothing is lost.",
    );
    expect(lines).toEqual([
      "websets-events-mcp info: try_it: rate_limited: too fast (HTTP 429, request req_1, retry after 1500 ms), 0 ms",
    ]);
  });

  test("tells an error nobody foresaw to the operator alone", async () => {
    const { call, lines } = await open(async () => {
      throw new TypeError("secret is not a function");
    });
    const { error } = await call("try_it");
    expect(error).toMatch(/^unexpected_response: This server failed in a way nobody foresaw/);
    expect(error).not.toContain("secret");
    expect(lines.join("\n")).toMatch(/error: try_it failed in a way nobody foresaw: TypeError: secret/);
  });

  test("is told of a cancellation by its signal, and its answer goes nowhere", async () => {
    const canceling = new AbortController();
    let told = false;
    const { call, lines } = await open(
      (_args, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            told = true;
            reject(abortError());
          });
        }),
    );
    const calling = call("try_it", {}, { signal: canceling.signal });
    await new Promise((resolve) => setImmediate(resolve));
    canceling.abort();
    await expect(calling).rejects.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBe(true);
    expect(lines).toEqual(["websets-events-mcp info: try_it: given up, 0 ms"]);
  });

  test("has a name: another one is an error of the protocol that says which there are", async () => {
    const { client } = await open(async () => ({ told: 1 }));
    for (const [name, told] of [
      ["try_that", '"try_that"'],
      [`\n${"x".repeat(100_000)}`, `"\\n${"x".repeat(59)}"`],
    ] as const) {
      await expect(client.callTool({ name })).rejects.toMatchObject({
        code: -32602,
        message: expect.stringMatching(
          new RegExp(`There is no tool ${told.replace("\\", "\\\\")}\\. The tools are try_it\\.$`),
        ),
      });
    }
  });
});
