import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Icon } from "../../src/tools/icons.ts";
import { eventually } from "./eventually.ts";
import { Program, runProgram } from "./program.ts";
import { commandsIn } from "./shell.ts";
import type { TableTool } from "./tools-table.ts";

const root = join(import.meta.dirname, "..", "..");

export const SURFACE = join(root, "test", "surface");
export const README = join(root, "README.md");

/** What the built program shows of itself, before anybody has called anything. */
export interface Surface {
  server: { name: string; title: string; version: string; icons: Icon[] };
  tools: (TableTool & { title: string; icons: Icon[]; outputSchema: object; annotations: object })[];
  instructions: string;
  /** File names in `test/surface`, and what they hold. */
  files: Record<string, string>;
}

const LISTS = ["tools/list", "resources/list", "resources/templates/list", "prompts/list"];

/** Asks the built program on stdio; without a key, for nothing of this needs one. */
export async function readSurface(): Promise<Surface> {
  const program = new Program([], {});
  try {
    const ask = async (id: number, method: string, params: object) => {
      program.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      const messages = () => program.lines.map((line) => JSON.parse(line));
      const answer = await eventually(() => messages().find((message) => message.id === id), { what: method });
      if (answer.result === undefined) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
      return answer.result;
    };
    const client = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "tests", version: "1" } };
    const { serverInfo, instructions, capabilities } = await ask(0, "initialize", client);
    const offered = LISTS.filter((list) => capabilities[list.split("/")[0] ?? ""] !== undefined);
    const [tools, ...others] = await Promise.all(offered.map((list, index) => ask(index + 1, list, {})));
    const help = await runProgram(["--help"]);
    const ofCommands = await Promise.all(commandsIn(help.stdout).map((name) => runProgram([name, "--help"])));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    return {
      server: serverInfo,
      tools: tools.tools,
      instructions,
      files: {
        "tools.json": json(tools.tools),
        "resources-and-prompts.json": json(Object.assign({}, ...others)),
        "instructions.txt": `${instructions.replaceAll(/(?<=\.) /g, "\n")}\n`,
        "help.txt": help.stdout.replace(version, "<version>"),
        "commands-help.txt": ofCommands.map(({ stdout }) => stdout).join("\n"),
      },
    };
  } finally {
    await program.end();
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
