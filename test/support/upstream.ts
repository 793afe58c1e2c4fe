import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/server.ts";
import { systemClock } from "../../src/shared/clock.ts";

/** What the program needs to talk to an upstream. */
export type UpstreamEnv = { EXA_BASE_URL: string; EXA_API_KEY: string };

export interface Upstream extends Sandbox {
  url: string;
  env: UpstreamEnv;
}

/** A sandbox over real HTTP, whose Websets live 50 times as fast as real ones. Whoever starts it closes it. */
export async function openSandbox(options: Partial<SandboxOptions> = {}): Promise<Upstream> {
  const sandbox = createSandbox({ clock: systemClock, speed: 50, ...options });
  const { url } = await sandbox.listen(0);
  return { ...sandbox, url, env: { EXA_BASE_URL: url, EXA_API_KEY: "any" } };
}

export interface StandIn {
  url: string;
  env: UpstreamEnv;
  close(): Promise<void>;
}

/** Something else than a Websets API, on a port of its own. Whoever starts it closes it. */
export async function openStandIn(listener: RequestListener): Promise<StandIn> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: { EXA_BASE_URL: url, EXA_API_KEY: "any" },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
