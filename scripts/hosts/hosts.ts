import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { programIn } from "./packages.ts";

/** The tool that is called. It needs no arguments. */
export const TOOL = "list_webset_events";

export interface StdioServer {
  command: string;
  args: string[];
}

/** One connection of a host to the server. */
export interface Attempt {
  server: StdioServer;
  /** Where the host is installed. */
  home: string;
  /** An empty folder for settings and as the folder to work in. */
  folder: string;
  /** Starts with the folder of the Node that runs the host, and has no key in it. */
  env: Record<string, string>;
  /** Of the model that programs with a model ask. */
  modelUrl: string;
}

export interface Host {
  title: string;
  /** What is installed from the registry; the first one's version is told. */
  packages: string[];
  /** Who calls the tool. */
  caller: "a scripted model" | "its own command" | "a program on it";
  /** Connects, lists and calls, and returns what it printed; what its model was told is known from the model. */
  run(attempt: Attempt): Promise<string>;
}

/** Longer than any host takes to give up, in milliseconds. */
const PATIENCE_MS = 120_000;
const QUESTION = "What is going on?";

const claudeCode: Host = {
  title: "Claude Code (`claude -p`)",
  packages: ["@anthropic-ai/claude-code@latest"],
  caller: "a scripted model",
  run({ server, modelUrl, ...attempt }) {
    const config = JSON.stringify({ mcpServers: { websets: server } });
    const args = ["-p", QUESTION, "--strict-mcp-config", "--mcp-config", config, "--allowedTools", "mcp__websets__*"];
    return run("claude", args, attempt, {
      ANTHROPIC_BASE_URL: modelUrl,
      ANTHROPIC_API_KEY: "scripted",
      // It would offer the tools only when the model has searched for them, which this one does not.
      ENABLE_TOOL_SEARCH: "false",
      DISABLE_AUTOUPDATER: "1",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    });
  },
};

const codex: Host = {
  title: "Codex (`codex exec`)",
  packages: ["@openai/codex@latest"],
  caller: "a scripted model",
  run({ server, modelUrl, ...attempt }) {
    const config = `model = "scripted"
model_provider = "scripted"
[model_providers.scripted]
name = "scripted"
base_url = "${modelUrl}/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
[mcp_servers.websets]
command = ${JSON.stringify(server.command)}
args = ${JSON.stringify(server.args)}
`;
    writeFileSync(join(attempt.folder, "config.toml"), config);
    const args = ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", QUESTION];
    return run("codex", args, attempt, { CODEX_HOME: attempt.folder, SCRIPTED_KEY: "scripted" });
  },
};

const geminiCli: Host = {
  title: "Gemini CLI (`gemini -p`)",
  packages: ["@google/gemini-cli@latest"],
  caller: "a scripted model",
  run({ server, modelUrl, ...attempt }) {
    const settings = {
      security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
      telemetry: { enabled: false },
      mcpServers: { websets: { ...server, trust: true } },
    };
    mkdirSync(join(attempt.folder, ".gemini"));
    writeFileSync(join(attempt.folder, ".gemini", "settings.json"), JSON.stringify(settings));
    return run("gemini", ["-m", "gemini-2.5-flash", "-p", QUESTION, "--approval-mode", "yolo"], attempt, {
      GEMINI_API_KEY: "scripted",
      GOOGLE_GEMINI_BASE_URL: modelUrl,
    });
  },
};

const opencode: Host = {
  title: "opencode (`opencode run`)",
  packages: ["opencode-ai@latest"],
  caller: "a scripted model",
  run({ server, modelUrl, ...attempt }) {
    const provider = { npm: "@ai-sdk/openai-compatible", options: { baseURL: `${modelUrl}/v1`, apiKey: "scripted" } };
    const config = {
      autoupdate: false,
      share: "disabled",
      model: "scripted/scripted",
      provider: { scripted: { name: "scripted", ...provider, models: { scripted: { name: "scripted" } } } },
      mcp: { websets: { type: "local", command: [server.command, ...server.args] } },
    };
    writeFileSync(join(attempt.folder, "opencode.json"), JSON.stringify(config));
    return run("opencode", ["run", QUESTION], attempt, { OPENCODE_DISABLE_MODELS_FETCH: "1" });
  },
};

const inspector: Host = {
  title: "MCP Inspector (`--cli`)",
  packages: ["@modelcontextprotocol/inspector@latest"],
  caller: "its own command",
  async run({ server, modelUrl: _, ...attempt }) {
    const ask = (...args: string[]) =>
      run("mcp-inspector", ["--cli", server.command, ...server.args, ...args], attempt);
    const listed = await ask("--method", "tools/list");
    return listed + (await ask("--method", "tools/call", "--tool-name", TOOL));
  },
};

/** A library: `libraries/NAME.mjs` connects, lists, calls and prints what came. */
function library(name: string, ...packages: string[]): Host {
  return {
    title: packages[0]?.replace(/@latest$/, "") ?? name,
    packages,
    caller: "a program on it",
    run({ server, home, folder, env }) {
      const program = join(home, `${name}.mjs`);
      copyFileSync(join(import.meta.dirname, "libraries", `${name}.mjs`), program);
      const started = { ...server, env: { PATH: env.PATH ?? "" } };
      return execute("node", [program, JSON.stringify({ server: started, tool: TOOL })], { folder, env });
    },
  };
}

export const HOSTS: Record<string, Host> = {
  "claude-code": claudeCode,
  codex,
  "gemini-cli": geminiCli,
  opencode,
  inspector,
  "openai-agents": library("openai-agents", "@openai/agents@latest", "zod@4"),
  "ai-sdk": library("ai-sdk", "@ai-sdk/mcp@latest", "ai@latest"),
  langchain: library("langchain", "@langchain/mcp-adapters@latest", "@langchain/core@latest"),
  mastra: library("mastra", "@mastra/mcp@latest", "@mastra/core@latest", "zod@4"),
};

function run(
  program: string,
  args: string[],
  { home, folder, env }: Omit<Attempt, "server" | "modelUrl">,
  more: Record<string, string> = {},
): Promise<string> {
  return execute(programIn(home, program), args, { folder, env: { ...env, ...more } });
}

/** Runs a program to its end, with nothing on stdin, and returns what it printed; one that fails has printed why. */
function execute(
  file: string,
  args: string[],
  { folder, env }: { folder: string; env: Record<string, string> },
): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env, timeout: PATIENCE_MS, maxBuffer: 2 ** 26, shell: process.platform === "win32" };
    const child = execFile(file, args, options, (error, stdout, stderr) =>
      resolve(`${stdout}${stderr}${error === null ? "" : `\n${error.message}`}`),
    );
    child.stdin?.end();
  });
}

/** The environment of a host: nothing of the user's but where programs are. */
export function bareEnvironment(node: string, folder: string): Record<string, string> {
  const { PATH = "", SystemRoot } = process.env;
  return {
    PATH: `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${PATH}`,
    HOME: folder,
    USERPROFILE: folder,
    ...(SystemRoot !== undefined && { SystemRoot }),
  };
}
