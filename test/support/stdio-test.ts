import { test as base } from "vitest";
import { Program } from "./program.ts";
import { openSandbox, openStandIn, type StandIn, type Upstream } from "./upstream.ts";

export interface Starters {
  /** Starts the built program. */
  startProgram(args?: readonly string[], env?: Record<string, string>, nodeOptions?: readonly string[]): Program;
  startSandbox(...options: Parameters<typeof openSandbox>): Promise<Upstream>;
  startStandIn(...options: Parameters<typeof openStandIn>): Promise<StandIn>;
}

/** A test that ends whatever it started, also where several run at once. */
export const test = base.extend<Starters>({
  startProgram: async ({ onTestFinished }, use) => {
    await use((args = [], env = {}, nodeOptions = []) => {
      const program = new Program(args, env, nodeOptions);
      onTestFinished(() => program.end());
      return program;
    });
  },
  startSandbox: async ({ onTestFinished }, use) => {
    await use(async (...options) => {
      const sandbox = await openSandbox(...options);
      onTestFinished(() => sandbox.close());
      return sandbox;
    });
  },
  startStandIn: async ({ onTestFinished }, use) => {
    await use(async (...options) => {
      const standIn = await openStandIn(...options);
      onTestFinished(() => standIn.close());
      return standIn;
    });
  },
});
