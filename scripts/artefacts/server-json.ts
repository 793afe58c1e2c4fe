import type { Description } from "./description.ts";

/** `server.json`, as the MCP registry takes it: its schema of 2025-12-11. */
export function serverJson({ key, ...program }: Description): object {
  return {
    $schema: "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
    name: program.mcpName,
    title: program.title,
    description: program.description,
    version: program.version,
    websiteUrl: program.homepage,
    repository: { url: program.repository, source: "github" },
    packages: [
      {
        registryType: "npm",
        identifier: program.name,
        version: program.version,
        transport: { type: "stdio" },
        environmentVariables: [
          { name: key.variable, description: key.description, isRequired: true, isSecret: true, format: "string" },
        ],
      },
    ],
  };
}
