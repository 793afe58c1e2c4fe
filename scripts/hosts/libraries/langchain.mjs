// @ts-nocheck: what it imports is installed where it runs.
import { MultiServerMCPClient } from "@langchain/mcp-adapters";

const { server, tool } = JSON.parse(process.argv[2]);
const host = new MultiServerMCPClient({ mcpServers: { websets: { transport: "stdio", ...server } } });
try {
  const tools = await host.getTools();
  // It throws what a tool answers as an error.
  const result = await tools
    .find(({ name }) => name === tool)
    .invoke({})
    .catch(String);
  console.log(JSON.stringify({ tools: tools.map(({ name }) => name), result }));
} finally {
  await host.close();
}
