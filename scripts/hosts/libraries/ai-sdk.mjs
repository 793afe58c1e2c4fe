// @ts-nocheck: what it imports is installed where it runs.
import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio";

const { server, tool } = JSON.parse(process.argv[2]);
const host = await createMCPClient({ transport: new Experimental_StdioMCPTransport(server) });
try {
  const tools = await host.tools();
  const result = await tools[tool].execute({}, { toolCallId: "1", messages: [] });
  console.log(JSON.stringify({ tools: Object.keys(tools), result }));
} finally {
  await host.close();
}
