// What any server of this kind has to load: the SDK and zod, with one tool. `bench/startup` holds ours against it.
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

serveStdio(() => {
  const server = new McpServer({ name: "one-tool", version: "0.0.0" });
  server.registerTool(
    "echo",
    {
      title: "Echo",
      description: "Say the same again.",
      inputSchema: z.object({ text: z.string() }),
      outputSchema: z.object({ text: z.string() }),
    },
    async ({ text }) => ({ content: [{ type: "text", text }], structuredContent: { text } }),
  );
  return server;
});
