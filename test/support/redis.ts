import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

const MISSING =
  "redis-server is not installed: these tests start one of their own. On Debian and Ubuntu: apt-get install -y redis-server";

/** A Redis of the test's own, on a free port, that keeps nothing on disk. */
export class RedisServer {
  readonly port: number;
  readonly url: string;
  #folder: string;
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = mkdtempSync(join(tmpdir(), "redis-"));
  }

  /** Starts one; fails with how to install it where it is missing. */
  static async start(): Promise<RedisServer> {
    const server = await RedisServer.notStarted();
    await server.start();
    return server;
  }

  /** One that is started later. */
  static async notStarted(): Promise<RedisServer> {
    return new RedisServer(await freePort());
  }

  async start(): Promise<void> {
    const args = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const child = spawn("redis-server", [...args, "--dir", this.#folder], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once("error", () => reject(new Error(MISSING)));
      child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
      child.stdout.on("data", (text: Buffer) => {
        if (text.includes("Ready to accept connections")) resolve();
      });
    });
  }

  /** Kills it: all that it held is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  /** SIGSTOP, SIGCONT. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends it and removes what it left. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
