import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { marketplaceJson, pluginJson, pluginReadme } from "../../scripts/artefacts/claude-plugin.ts";
import { type Description, describeProgram } from "../../scripts/artefacts/description.ts";
import { installBadges, installLinks } from "../../scripts/artefacts/links.ts";
import { mcpbManifest } from "../../scripts/artefacts/mcpb.ts";
import { serverJson } from "../../scripts/artefacts/server-json.ts";
import { markedText } from "../../scripts/marked.ts";
import { readConfig } from "../../src/config.ts";
import type { ErrorKind } from "../../src/shared/errors.ts";
import { readSurface } from "../support/surface.ts";

const root = join(import.meta.dirname, "../..");

let program: Description;
beforeAll(async () => {
  program = await describeProgram();
});

/** A host puts in what its user typed; where that is nothing, some leave the placeholder. */
interface Started {
  command: string;
  args: string[];
  env: Record<string, string>;
}

function expectNoKey({ env }: Started) {
  expect(Object.keys(env)).toEqual(["EXA_API_KEY"]);
  expect(readConfig({}, env).apiKey).toBeUndefined();
}

describe("the description", () => {
  test("says where the project is, and the same everywhere", () => {
    expect(program.title).toBe("Exa Websets events");
    expect(program.repository).toMatch(/^https:\/\/github\.com\/[\w.-]+\/websets-events-mcp$/);
    const [, owner, name] = new URL(program.repository).pathname.split("/");
    expect(program.mcpName).toBe(`io.github.${owner}/${name}`);
    for (const page of [program.homepage, program.issues]) expect(page.startsWith(program.repository)).toBe(true);
  });

  test("has one sentence for each tool", () => {
    expect(program.tools.map(({ name }) => name)).toContain("wait_for_webset");
    for (const { description } of program.tools) expect(description).toMatch(/^[A-Z][^\n]{20,}\.$/);
  });
});

describe("server.json", () => {
  test("keeps to what the registry takes, and asks for the key as a secret", () => {
    const server = serverJson(program) as { name: string; description: string; packages: unknown[] };
    expect(server.name).toMatch(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/);
    expect(server.description.length).toBeLessThanOrEqual(100);
    expect(server.packages).toMatchObject([
      {
        registryType: "npm",
        identifier: program.name,
        version: program.version,
        transport: { type: "stdio" },
        environmentVariables: [{ name: "EXA_API_KEY", isSecret: true, isRequired: true }],
      },
    ]);
  });
});

describe("the manifest of the bundle", () => {
  test("lists the tools, and takes a key that its user left out for none", () => {
    const manifest = mcpbManifest(program) as { server: { mcp_config: Started }; user_config: object };
    expect(manifest).toMatchObject({ tools: program.tools, version: program.version });
    expect(manifest.user_config).toMatchObject({ exa_api_key: { sensitive: true } });
    expectNoKey(manifest.server.mcp_config);
  });
});

describe("the plugin", () => {
  test("is in its marketplace, and takes a key that its user left out for none", () => {
    const plugin = pluginJson(program) as { name: string; mcpServers: Record<string, Started> };
    const [server] = Object.values(plugin.mcpServers);
    if (server !== undefined) expectNoKey(server);
    const { plugins } = marketplaceJson(program, "./here") as { plugins: object[] };
    expect(plugins).toMatchObject([{ name: plugin.name, source: "./here" }]);
  });

  test("says at more than 40 words' length what it is and how it is installed, with every tool", () => {
    const page = pluginReadme(program);
    expect(page.split(/\s+/).length).toBeGreaterThan(40);
    expect(page).toContain(`/plugin install ${program.name} --marketplace `);
    for (const { name } of program.tools) expect(page).toContain(`\`${name}\``);
  });

  test("has a skill that says when to use it", () => {
    const skill = readFileSync(join(root, "skills/follow-webset/SKILL.md"), "utf8");
    const [, head = ""] = skill.split("---\n");
    const { name, description } = parse(head);
    expect(name).toBe("follow-webset");
    expect(description.length).toBeLessThanOrEqual(1024);
    expect(description).toContain("Use it to");
  });

  test("names no tool, parameter or outcome that is none", async () => {
    const skill = readFileSync(join(root, "skills/follow-webset/SKILL.md"), "utf8");
    const words = [...skill.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, word = ""]) => word);
    const { tools } = await readSurface();
    const kinds: ErrorKind[] = ["missing_key", "no_access", "out_of_credits"];
    const known = [
      ...tools.map(({ name }) => name),
      ...(JSON.stringify(tools).match(/[a-z]+(?:_[a-z]+)+/g) ?? []),
      ...kinds,
    ];
    expect(words).toEqual(expect.arrayContaining(["wait_for_webset", "wait_for_webset_event", "list_webset_items"]));
    expect(words.filter((word) => !known.includes(word))).toEqual([]);
    const parameters = tools.flatMap(({ inputSchema }) => Object.keys(inputSchema.properties ?? {}));
    // `more` is what a result says.
    const given = [...skill.matchAll(/`([a-zA-Z]+): [^`]+`/g)]
      .map(([, name = ""]) => name)
      .filter((name) => name !== "more");
    expect(given).toContain("itemsReady");
    expect(given.filter((name) => !parameters.includes(name))).toEqual([]);
  });
});

describe("the links", () => {
  test("of VS Code asks for the key and keeps it", () => {
    const { vscode, vscodeInsiders } = installLinks(program);
    expect(vscode).toMatch(/^https:\/\/vscode\.dev\/redirect\/mcp\/install\?[\w%.=&*-]+$/);
    const { name, inputs, config } = Object.fromEntries(new URL(vscode).searchParams);
    expect(name).toBe("websets-events");
    const [input] = JSON.parse(inputs ?? "");
    expect(input).toMatchObject({ type: "promptString", password: true });
    expect(JSON.parse(config ?? "")).toEqual({
      type: "stdio",
      command: "npx",
      args: ["-y", "websets-events-mcp"],
      env: { EXA_API_KEY: `\${input:${input.id}}` },
    });
    expect(new URL(vscodeInsiders).searchParams.get("quality")).toBe("insiders");
  });

  test("of Cursor has a place for the key, and what stands there is none", () => {
    const config = new URL(installLinks(program).cursor).searchParams.get("config") ?? "";
    const server = JSON.parse(Buffer.from(config, "base64").toString());
    expect(server).toMatchObject({ command: "npx", args: ["-y", "websets-events-mcp"] });
    expectNoKey(server);
  });

  test("are badges in Markdown, which the README has between its markers; scripts/update-surface.ts writes them", () => {
    const badges = installBadges(program).trim().split("\n");
    expect(badges).toHaveLength(3);
    for (const badge of badges) expect(badge).toMatch(/^\[!\[Install in [\w ]+\]\(https:\S+\)\]\(https:[^\s()]+\)$/);
    expect(markedText(readFileSync(join(root, "README.md"), "utf8"), "badges")).toBe(badges.join("\n"));
  });
});

test("the picture has the size that stores want", () => {
  const picture = readFileSync(join(root, "assets/icon.png"));
  expect(picture.subarray(1, 4).toString()).toBe("PNG");
  expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([512, 512]);
});
