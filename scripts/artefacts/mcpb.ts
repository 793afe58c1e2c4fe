import { type Description, KEY_SETTING } from "./description.ts";

/** The manifest of the bundle that Claude Desktop installs by a double click, and that Smithery publishes: version 0.3. */
export function mcpbManifest({ key, ...program }: Description): object {
  return {
    manifest_version: "0.3",
    name: program.name,
    display_name: program.title,
    version: program.version,
    description: program.description,
    author: { name: program.author, url: program.repository },
    repository: { type: "git", url: `${program.repository}.git` },
    homepage: program.homepage,
    documentation: program.homepage,
    support: program.issues,
    license: program.license,
    keywords: program.keywords,
    icon: "icon.png",
    server: {
      type: "node",
      entry_point: "dist/cli.js",
      mcp_config: {
        command: "node",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the host puts in both
        args: ["${__dirname}/dist/cli.js"],
        env: { [key.variable]: `\${user_config.${KEY_SETTING}}` },
      },
    },
    tools: program.tools,
    user_config: {
      [KEY_SETTING]: {
        type: "string",
        title: key.title,
        description: key.description,
        sensitive: true,
        required: true,
      },
    },
    compatibility: {
      platforms: ["darwin", "win32", "linux"],
      runtimes: { node: `>=${program.node}.0` },
    },
    // What is asked goes to Exa, whose policy this is. The program itself sends nothing to anybody else.
    privacy_policies: ["https://exa.ai/privacy-policy"],
  };
}
