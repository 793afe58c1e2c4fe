import { createSandbox, type SandboxOptions } from "../../src/sandbox/server.ts";
import { FakeClock } from "../support/fake-clock.ts";

export const API = "/websets/v0";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about.
  json: any;
}

// biome-ignore lint/suspicious/noExplicitAny: the same for events.
export type AnyEvent = { id: string; type: string; createdAt: string; data: any };

/** A sandbox on a clock that stands still until told to move, with calls that read like the API's documentation. */
export function openSandbox(options: Partial<SandboxOptions> = {}) {
  const clock = new FakeClock();
  const sandbox = createSandbox({ clock, ...options });
  const send = async (
    method: string,
    url: string,
    body?: unknown,
    headers = { "x-api-key": "any" },
  ): Promise<Answer> => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await sandbox.handle({ method, url, headers, body: text });
    return { status: answer.status, headers: answer.headers, json: JSON.parse(answer.body) };
  };
  return {
    clock,
    sandbox,
    world: sandbox.world,
    send,
    get: (path: string) => send("GET", API + path),
    post: (path: string, body?: unknown) => send("POST", API + path, body),
    remove: (path: string) => send("DELETE", API + path),
    /** Every visible event, oldest first. */
    events: () => [...sandbox.world.events.walk({ order: "oldest-first" })].map(({ event }) => event as AnyEvent),
  };
}

export const ROBOTS = {
  search: { query: "European companies that build warehouse robots", count: 8 },
  enrichments: [
    { description: "Contact email", format: "email" as const },
    { description: "Year founded", format: "date" as const },
  ],
};

/** Longer than any search of the tests takes at speed 1. */
export const LONG_MS = 120_000;
