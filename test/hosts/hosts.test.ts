import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HOSTS } from "../../scripts/hosts/hosts.ts";
import { startModel } from "../../scripts/hosts/model.ts";
import { hostsTable, patienceTable, type Row, readRecord } from "../../scripts/hosts/table.ts";
import { markedText } from "../../scripts/marked.ts";
import { readConfig } from "../../src/config.ts";
import { blocksOf } from "../support/code-blocks.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/hosts.md"), "utf8");

describe("docs/hosts.md", () => {
  test("has a row for every host that the script tries, and none that failed", () => {
    const table = markedText(page, "hosts") ?? "";
    expect(table.split("\n")).toHaveLength(Object.keys(HOSTS).length + 2);
    for (const { title } of Object.values(HOSTS)) expect(table).toContain(`| ${title} |`);
    expect(table).not.toContain("**");
  });

  test("has the table that the server goes by; scripts/update-surface.ts writes it", () => {
    expect(markedText(page, "patience")).toBe(patienceTable());
  });

  test("shows configurations that a host can read, in which no place for the key is taken for one", () => {
    const configurations = blocksOf(page, "json").map((block) => JSON.parse(block));
    expect(configurations.length).toBeGreaterThan(4);
    for (const { mcpServers, servers, mcp } of configurations) {
      const { command, env, environment } = (mcpServers ?? servers ?? mcp)["websets-events"];
      expect(command.length).toBeGreaterThan(0);
      const { EXA_API_KEY } = env ?? environment;
      // An empty one is what Claude Code makes of `:-` where the variable is not set.
      const unset = EXA_API_KEY.replace(/\$\{\w+:-\}|\{env:\w+\}/, "");
      expect(readConfig({}, { EXA_API_KEY: unset }).apiKey).toBeUndefined();
    }
    expect(blocksOf(page, "toml")).toHaveLength(1);
  });
});

describe("the table of hosts", () => {
  const row: Row = {
    title: "Some host",
    version: "1.2.3",
    caller: "its own command",
    client: "some-host",
    protocol: "2025-11-25",
    asksForProgress: true,
    tools: 5,
    sandbox: true,
    withoutKey: true,
  };

  test("marks what is not as it should be", () => {
    const [, , good, bad] = hostsTable([row, { ...row, tools: 4, sandbox: false }], 5).split("\n");
    expect(good).toBe("| Some host | 1.2.3 | `some-host` | 2025-11-25 | yes | all 5 | yes | yes | its own command |");
    expect(bad).toContain("| **4 of 5** | **no** | yes |");
  });

  test("knows a host by its own messages, in both eras", () => {
    const lines = (...messages: object[]) => messages.map((message) => `${JSON.stringify(message)}\n`).join("");
    const initialize = { method: "initialize", params: { protocolVersion: "2025-11-25", clientInfo: { name: "old" } } };
    const call = (meta?: object) => ({ method: "tools/call", params: { name: "any", _meta: meta } });
    expect(readRecord(lines(initialize, call()))).toEqual({
      client: "old",
      protocol: "2025-11-25",
      asksForProgress: false,
    });
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "new" },
      progressToken: 1,
    };
    expect(readRecord(lines(call(meta)))).toEqual({ client: "new", protocol: "2026-07-28", asksForProgress: true });
    expect(readRecord("")).toEqual({ client: "?", protocol: "?", asksForProgress: undefined });
  });
});

describe("the scripted model", () => {
  const TOOLS = {
    "/v1/messages": [{ name: "mcp__websets__look" }],
    "/v1/responses": [{ type: "namespace", name: "mcp__websets", tools: [{ type: "function", name: "look" }] }],
    "/v1/chat/completions": [{ type: "function", function: { name: "websets_look" } }],
    "/v1beta/models/any:streamGenerateContent": [{ functionDeclarations: [{ name: "mcp_websets_look" }] }],
  };
  const RESULTS = {
    "/v1/messages": { messages: [{ role: "user", content: [{ type: "tool_result", content: "seen" }] }] },
    "/v1/responses": { input: [{ type: "function_call_output", output: "seen" }] },
    "/v1/chat/completions": { messages: [{ role: "tool", content: "seen" }] },
    "/v1beta/models/any:streamGenerateContent": { contents: [{ parts: [{ functionResponse: { response: "seen" } }] }] },
  };

  test.each(Object.keys(TOOLS) as (keyof typeof TOOLS)[])(
    "calls a tool on %s, and ends with its result",
    async (path) => {
      const model = await startModel("look");
      try {
        const ask = async (more: object) => {
          const body = JSON.stringify({ tools: TOOLS[path], ...more });
          return (await fetch(`${model.url}${path}`, { method: "POST", body })).text();
        };
        const asked = { messages: [{ role: "user", content: "What is going on?" }] };
        const call = await ask(asked);
        expect(call).toMatch(/"name":"[\w]*look"/);
        expect(call).not.toContain("Done.");
        expect(model.told.results).toEqual([]);
        expect(await ask(RESULTS[path])).toContain("Done.");
        expect(model.told.results).toEqual([expect.stringContaining("seen")]);
        expect([...model.told.tools]).toEqual([expect.stringMatching(/look$/)]);
      } finally {
        await model.close();
      }
    },
  );
});
