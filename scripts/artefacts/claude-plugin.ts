import { type Description, KEY_SETTING } from "./description.ts";

/** `.claude-plugin/plugin.json`: the server, and what Claude Code asks its user for. */
export function pluginJson({ key, ...program }: Description): object {
  return {
    name: program.name,
    version: program.version,
    description: program.description,
    author: { name: program.author, url: program.repository },
    homepage: program.homepage,
    repository: program.repository,
    license: program.license,
    keywords: program.keywords,
    userConfig: {
      [KEY_SETTING]: {
        type: "string",
        title: key.title,
        description: key.description,
        sensitive: true,
        required: true,
      },
    },
    network: { hosts: ["api.exa.ai"] },
    mcpServers: {
      "websets-events": {
        command: "node",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Claude Code puts in the folder
        args: ["${CLAUDE_PLUGIN_ROOT}/dist/cli.js"],
        env: { [key.variable]: `\${user_config.${KEY_SETTING}}` },
      },
    },
  };
}

/** `.claude-plugin/marketplace.json` of a marketplace with this one plugin, in the folder `source` beside it. */
export function marketplaceJson(program: Description, source: string): object {
  return {
    name: program.name,
    owner: { name: program.author },
    description: program.description,
    plugins: [{ name: program.name, source, description: program.description }],
  };
}

/** What the plugin's folder says of itself. */
export function pluginReadme({ tools, ...program }: Description): string {
  // A branch that holds this marketplace and nothing else, which each release writes.
  const marketplace = `${new URL(program.repository).pathname.slice(1)}@claude-code`;
  return `# ${program.title}

\`\`\`text
/plugin install ${program.name} --marketplace ${marketplace}
\`\`\`

${program.description}. It brings the MCP server itself, which needs Node ${program.node} or newer and an Exa API key, and a skill that
tells how to follow a Webset to its end: without asking again and again, and with each item named once.

${tools.map(({ name, description }) => `- \`${name}\`: ${description}`).join("\n")}

They only read. The key goes to the Exa API and nowhere else; nothing is counted or reported. This program is not Exa's.

More: ${program.homepage}
`;
}
