import type { Faults, SandboxAnswer } from "../../src/sandbox/server.ts";

/** What the upstream does with a request in place of answering it. */
export type Spoil = (answer: SandboxAnswer) => SandboxAnswer | Promise<SandboxAnswer>;

/** Spoils the requests whose path contains one of these texts; all others go through. */
export function spoiling(spoils: Record<string, Spoil>): Faults {
  return {
    async intercept({ url }, next) {
      const spoil = Object.entries(spoils).find(([part]) => decodeURIComponent(url).includes(part))?.[1];
      return spoil === undefined ? next() : spoil(await next());
    },
  };
}

/** An answer with another status, as the API words its errors. */
export function refused(statusCode: number, message: string, headers: Record<string, string> = {}): Spoil {
  return (answer) => ({
    status: statusCode,
    headers: { ...answer.headers, ...headers },
    body: JSON.stringify({ statusCode, message, error: "Error", timestamp: new Date().toISOString(), path: "/" }),
  });
}

/** A page of HTML, as gateways and other sites send them. */
export function html(status: number, text = "Bad gateway"): Spoil {
  return (answer) => ({
    status,
    headers: { ...answer.headers, "content-type": "text/html" },
    body: `<!DOCTYPE html><html><body><h1>${text}</h1></body></html>`,
  });
}
