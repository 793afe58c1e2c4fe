import { createExaClient, type ExaClient } from "../../src/exa/client.ts";
import type { HttpAnswer } from "../../src/exa/http.ts";
import { Feed } from "../../src/feed/feed.ts";
import { RecentIds, rememberIds } from "../../src/feed/recent-ids.ts";
import { createSandbox, type Faults, type SandboxOptions, type SandboxRequest } from "../../src/sandbox/server.ts";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import { WebsetStates } from "../../src/webset/states.ts";
import { FakeClock } from "../support/fake-clock.ts";

export const DEMO = {
  search: { query: "European companies that build warehouse robots", count: 20 },
  enrichments: [{ description: "Contact email", format: "email" as const }],
};

/** Longer than the life of the demo Webset, in milliseconds at speed 1. */
export const LONG_MS = 120_000;

export interface WorldOptions extends Partial<SandboxOptions> {
  apiKey?: string | undefined;
  /** Between polls while something happens; a second without it. */
  intervalMs?: number;
}

/** A sandbox and everything that follows it, in one process on a clock that moves only when told to. */
export function openWorld(options: WorldOptions = {}) {
  const clock = new FakeClock();
  const trouble = new Trouble();
  const sandbox = createSandbox({ clock, faults: trouble, ...options });
  const apiKey = "apiKey" in options ? options.apiKey : "any";
  const recent = new RecentIds();
  const upstreamClock = new UpstreamClock(clock);
  const client: ExaClient = createExaClient({
    upstreamClock,
    baseUrl: new URL("http://127.0.0.1:1"),
    apiKey,
    clock,
    version: "0.0.0",
    random: () => 0,
    async transport({ method, url, headers, signal }): Promise<HttpAnswer> {
      signal.throwIfAborted();
      return sandbox.handle({ method, url: url.pathname + url.search, headers });
    },
  });
  const exa = rememberIds(client, recent);
  const feed = new Feed({ exa, upstreamClock, clock, intervalMs: options.intervalMs ?? 1_000, random: () => 0 });
  return { clock, sandbox, world: sandbox.world, trouble, exa, recent, feed, states: new WebsetStates(exa, clock) };
}

export type World = ReturnType<typeof openWorld>;

/** Answers in the API's place while it is set. */
class Trouble implements Faults {
  answer: { status: number; headers?: Record<string, string>; path?: string } | undefined;
  /** Whether answers have their `Date`. */
  dates = true;
  #held: Promise<void> | undefined;

  /** Lets no answer through until the function it returns is called. */
  hold(): () => void {
    const { promise, resolve } = withResolvers();
    this.#held = promise;
    return resolve;
  }

  async intercept({ url }: SandboxRequest, next: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
    await this.#held;
    const answer = await next();
    const { date: _, ...undated } = answer.headers;
    const headers = this.dates ? answer.headers : undated;
    if (this.answer === undefined || !url.includes(this.answer.path ?? "/")) return { ...answer, headers };
    const { status } = this.answer;
    return { status, headers: { ...headers, ...this.answer.headers }, body: JSON.stringify({ message: "trouble" }) };
  }
}

function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
