import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface SandboxProcess {
  /** The two variables that lead the server to the sandbox, as the sandbox printed them. */
  env: { EXA_BASE_URL: string; EXA_API_KEY: string };
  /** One request to the sandbox; throws unless it answers with success. */
  request(method: string, path: string, body?: unknown): Promise<string>;
  stop(): Promise<void>;
}

/** Longer than the sandbox takes to end by itself, in milliseconds. */
const PATIENCE_MS = 2_000;

/** Starts `websets-events-mcp sandbox` as a process of its own, on a free port and without any Webset. */
export async function startSandbox(program: string, speed: number, signal: AbortSignal): Promise<SandboxProcess> {
  const args = [program, "sandbox", "--port", "0", "--speed", String(speed), "--scenario", "quiet"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const gone = once(child, "exit");
  // Whatever happens to this program, the sandbox does not outlive it.
  const killIt = () => child.kill("SIGKILL");
  process.on("exit", killIt);
  const stop = async () => {
    child.kill();
    const deadline = setTimeout(killIt, PATIENCE_MS);
    await gone;
    clearTimeout(deadline);
    process.off("exit", killIt);
  };
  try {
    const env = await readVariables(child, signal);
    const request = async (method: string, path: string, body?: unknown) => {
      const answer = await fetch(`${env.EXA_BASE_URL}${path}`, {
        method,
        headers: { "x-api-key": env.EXA_API_KEY, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} was answered with HTTP ${answer.status}: ${text}`);
      return text;
    };
    return { env, request, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads the `export NAME=value` lines that a user would copy. */
async function readVariables(child: ChildProcess, signal: AbortSignal): Promise<SandboxProcess["env"]> {
  if (child.stdout === null || child.stderr === null) throw new Error("the sandbox has no output");
  let complaints = "";
  child.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  const found: Record<string, string> = {};
  for await (const line of createInterface({ input: child.stdout, signal })) {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) found[name] = value;
    const { EXA_BASE_URL, EXA_API_KEY } = found;
    if (EXA_BASE_URL !== undefined && EXA_API_KEY !== undefined) return { EXA_BASE_URL, EXA_API_KEY };
  }
  signal.throwIfAborted();
  throw new Error(`the sandbox ended before it said where it is. It said: ${complaints.trim() || "nothing"}`);
}
