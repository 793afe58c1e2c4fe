import type { Description } from "./description.ts";

/** How a host starts the published program. */
const NPX = { command: "npx", args: ["-y", "websets-events-mcp"] };
const SERVER = "websets-events";

/** Links that install the published program in a host, which asks before it does. */
export function installLinks({ key }: Description): { vscode: string; vscodeInsiders: string; cursor: string } {
  const inputs = [{ type: "promptString", id: "exa-api-key", description: key.title, password: true }];
  const vscodeConfig = { type: "stdio", ...NPX, env: { [key.variable]: `\${input:${inputs[0]?.id}}` } };
  const vscode = `https://vscode.dev/redirect/mcp/install?${new URLSearchParams({
    name: SERVER,
    inputs: JSON.stringify(inputs),
    config: JSON.stringify(vscodeConfig),
  })}`.replaceAll("+", "%20");
  // Cursor asks for nothing, but shows what it is about to write: the key is put in there. The server knows the placeholder.
  const cursorConfig = Buffer.from(JSON.stringify({ ...NPX, env: { [key.variable]: "your-exa-api-key" } }));
  const cursor = `https://cursor.com/en/install-mcp?${new URLSearchParams({
    name: SERVER,
    config: cursorConfig.toString("base64"),
  })}`;
  return { vscode, vscodeInsiders: `${vscode}&quality=insiders`, cursor };
}

/** The links as badges of a page in Markdown. The badges' pictures come from the web, as those of all pages do. */
export function installBadges(program: Description): string {
  const { vscode, vscodeInsiders, cursor } = installLinks(program);
  const badge = (host: string, logo: string, colour: string, link: string) =>
    `[![Install in ${host}](https://img.shields.io/badge/${host.replaceAll(" ", "_")}-install-${colour}?logo=${logo})](${link})`;
  return `${[
    badge("VS Code", "visualstudiocode", "0098FF", vscode),
    badge("VS Code Insiders", "visualstudiocode", "24bfa5", vscodeInsiders),
    badge("Cursor", "cursor", "000000", cursor),
  ].join("\n")}\n`;
}
