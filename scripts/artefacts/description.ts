import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readSurface } from "../../test/support/surface.ts";
import { root } from "../project.mjs";

/** What all artefacts tell of this program, each in its own words. */
export interface Description {
  name: string;
  /** As hosts show it. */
  title: string;
  version: string;
  /** At most 100 characters, which is what the registry takes. */
  description: string;
  /** In the MCP registry. */
  mcpName: string;
  author: string;
  license: string;
  keywords: string[];
  homepage: string;
  issues: string;
  /** A page of the web that is a repository of git, too. */
  repository: string;
  /** The oldest Node it runs on. */
  node: string;
  /** With the first sentence of what each says of itself. */
  tools: { name: string; description: string }[];
  key: { variable: string; title: string; description: string };
}

/** What the key is called in what hosts keep of their users' settings. */
export const KEY_SETTING = "exa_api_key";

/** Reads the description from package.json and from the built program itself. */
export async function describeProgram(): Promise<Description> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { server, tools } = await readSurface();
  return {
    name: manifest.name,
    title: server.title,
    version: manifest.version,
    description: manifest.description,
    mcpName: manifest.mcpName,
    author: manifest.author,
    license: manifest.license,
    keywords: manifest.keywords,
    homepage: manifest.homepage,
    issues: manifest.bugs.url,
    repository: manifest.repository.url.replace(/^git\+/, "").replace(/\.git$/, ""),
    node: manifest.engines.node.replace(">=", ""),
    tools: tools.map(({ name, description = "" }) => ({ name, description: firstSentence(description) })),
    key: {
      variable: "EXA_API_KEY",
      title: "Exa API key",
      description: "From https://dashboard.exa.ai/api-keys. It goes to the Exa API and nowhere else.",
    },
  };
}

function firstSentence(text: string): string {
  return text.split(/(?<=\.)\s/)[0] ?? text;
}
