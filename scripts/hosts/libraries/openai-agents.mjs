// @ts-nocheck: what it imports is installed where it runs.
import { MCPServerStdio } from "@openai/agents";

const { server, tool } = JSON.parse(process.argv[2]);
const host = new MCPServerStdio({ name: "websets", ...server });
await host.connect();
try {
  const tools = (await host.listTools()).map(({ name }) => name);
  console.log(JSON.stringify({ tools, result: await host.callTool(tool, {}) }));
} finally {
  await host.close();
}
