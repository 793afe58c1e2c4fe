import { join } from "node:path";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernTransport } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { expect } from "vitest";
import { test } from "../support/stdio-test.ts";

const program = join(import.meta.dirname, "..", "..", "dist", "cli.js");
const IDENTITY = { name: "tests", version: "1.0.0" };

test("the client of 2026-07-28 works with its SDK's own transport, which first asks a program of its own", async ({
  onTestFinished,
  startSandbox,
}) => {
  const { env, world } = await startSandbox();
  const { id } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
  const client = new ModernClient(IDENTITY, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  onTestFinished(() => client.close());
  await client.connect(new ModernTransport({ command: process.execPath, args: [program], env }));
  expect(client.getProtocolEra()).toBe("modern");
  expect(client.getServerVersion()?.name).toBe("websets-events-mcp");
  const result = await client.callTool({ name: "wait_for_webset", arguments: { websetId: id } });
  expect(result.structuredContent).toMatchObject({ outcome: "reached" });
});

test("the same client by default opens as hosts of 2025 do", async ({ onTestFinished, startSandbox }) => {
  const { env } = await startSandbox();
  const client = new ModernClient(IDENTITY);
  onTestFinished(() => client.close());
  await client.connect(new ModernTransport({ command: process.execPath, args: [program], env }));
  expect(client.getProtocolEra()).toBe("legacy");
  expect((await client.callTool({ name: "list_webset_events", arguments: {} })).isError).toBeFalsy();
});

test("the client of 2025-11-25 works with its SDK's own transport", async ({ onTestFinished, startSandbox }) => {
  const { env, world } = await startSandbox();
  const { id } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
  const client = new LegacyClient(IDENTITY);
  onTestFinished(() => client.close());
  await client.connect(new LegacyTransport({ command: process.execPath, args: [program], env }));
  expect(client.getServerVersion()?.name).toBe("websets-events-mcp");
  const result = await client.callTool({ name: "wait_for_webset", arguments: { websetId: id } });
  expect(result.structuredContent).toMatchObject({ outcome: "reached" });
});
