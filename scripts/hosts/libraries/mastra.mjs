// @ts-nocheck: what it imports is installed where it runs.
import { MCPClient } from "@mastra/mcp";

const { server, tool } = JSON.parse(process.argv[2]);
const host = new MCPClient({ servers: { websets: server } });
try {
  const tools = await host.listTools();
  // It throws what a tool answers as an error.
  const result = await tools[`websets_${tool}`].execute({}).catch(String);
  console.log(JSON.stringify({ tools: Object.keys(tools), result }));
} finally {
  await host.disconnect();
}
