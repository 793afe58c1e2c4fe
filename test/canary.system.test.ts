import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect } from "vitest";
import { ERAS, type Session } from "./support/eras.ts";
import { runProgram } from "./support/program.ts";
import type { ToolResult } from "./support/results.ts";
import { test } from "./support/stdio-test.ts";

/** Keys that are found wherever they show up; the second one looks different in a URL, in JSON and in a pattern. */
const KEYS = ["exa-canary-4b1d7c", 'exa canary/+%"$&.*\\4b1d7c'];

/** The forms in which a key could show up. */
function formsOf(key: string): string[] {
  const json = JSON.stringify(key).slice(1, -1);
  const base64 = Buffer.from(key).toString("base64").replace(/=+$/, "");
  return [...new Set([key, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(key), encodeURI(key), base64])];
}

function expectNoKey(key: string, texts: Record<string, string>): void {
  for (const [where, text] of Object.entries(texts)) {
    for (const form of formsOf(key)) {
      const at = text.indexOf(form);
      const around = at === -1 ? "" : text.slice(Math.max(0, at - 200), at + 200);
      expect(around, `the key is in ${where}`).toBe("");
    }
  }
}

type Answer = (response: ServerResponse, key: string) => void;

/** An upstream that tells everybody the key it was given, in every way that an answer has. */
const INDISCREET: Record<string, Answer> = {
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 418, 422, 429, 500, 503].map((status): [string, Answer] => [
      `status-${status}`,
      (response, key) => {
        response.writeHead(status, { "content-type": "application/json", ...headersWith(key) });
        response.end(JSON.stringify({ statusCode: status, message: `the key ${key} (${key})`, error: key, path: key }));
      },
    ]),
  ),
  messages: (response, key) => {
    response.writeHead(422, { "content-type": "application/json" });
    response.end(JSON.stringify({ message: [`key ${key}`, `${key}`, "x".repeat(190) + key] }));
  },
  html: (response, key) => {
    response.writeHead(502, { "content-type": "text/html", ...headersWith(key) });
    response.end(`<html><body>${key}</body></html>`);
  },
  "html-200": (response, key) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<html><body>${key}</body></html>`);
  },
  "not-json": (response, key) => {
    response.end(key);
  },
  "wrong-values": (response, key) => {
    response.end(
      JSON.stringify({ id: [key], object: key, type: { [key]: key }, createdAt: key, data: key, status: [key] }),
    );
  },
  "wrong-names": (response, key) => {
    response.end(JSON.stringify({ [key]: { [key]: key } }));
  },
  "no-date": (response, key) => {
    response.end(JSON.stringify({ id: "evt_1", type: "webset.idle", createdAt: key, object: "event", data: {} }));
  },
  encoding: (response, key) => {
    response.writeHead(200, { "content-encoding": headerText(key) });
    response.end(key);
  },
  "reset-after-half": (response, key) => {
    response.writeHead(200, { "content-length": "1000", ...headersWith(key) });
    response.write(key);
    setTimeout(() => response.destroy(), 10);
  },
  "no-answer": (response) => {
    response.destroy();
  },
};

const headerText = (key: string) => encodeURI(key);

function headersWith(key: string): Record<string, string> {
  return { "x-request-id": key, "retry-after": key, date: key, server: key, "www-authenticate": `Key realm="${key}"` };
}

function answerIndiscreetly(request: IncomingMessage, response: ServerResponse): void {
  const name = decodeURIComponent(request.url?.split("?")[0]?.split("/").at(-1) ?? "");
  const answer = INDISCREET[name] ?? INDISCREET["status-500"];
  answer?.(response, String(request.headers["x-api-key"]));
}

/** All ways of answering in parts, each for a program of its own: one alone would have to space its requests out. */
const PARTS = [0, 1, 2, 3].map((part) => Object.keys(INDISCREET).filter((_, index) => index % 4 === part));

/** Each key in one era: the way of the key is the same in both. */
const CASES = ERAS.map((era, index) => ({ era, key: KEYS[index] ?? "" }));

describe.concurrent.each(CASES)("with the key $key", ({ era, key }) => {
  test.for(PARTS)(
    "it never shows, whatever the upstream answers (part %#)",
    async (names, { startProgram, startStandIn }) => {
      const upstream = await startStandIn(answerIndiscreetly);
      const env = { EXA_BASE_URL: upstream.url, EXA_API_KEY: key };
      const session = await era.open(startProgram(["--log-level", "debug", "--poll-interval", "0.2"], env));
      const errors = await Promise.all(names.map((eventId) => session.call("get_webset_event", { eventId })));
      await session.program.end();
      expect(errors.every(({ error }) => error !== undefined)).toBe(true);
      expect(session.program.stderr).toContain("info: get_webset_event: ");
      expectNoKey(key, { stdout: session.program.stdout, stderr: session.program.stderr });
    },
  );

  test("it never shows in what any tool says", async ({ startProgram, startStandIn }) => {
    const upstream = await startStandIn(answerIndiscreetly);
    const env = { EXA_BASE_URL: upstream.url, EXA_API_KEY: key };
    const session = await era.open(startProgram(["--log-level", "debug", "--poll-interval", "0.2"], env));
    const errors = await callEverything(session, "status-422");
    await session.program.end();
    expect(errors.every(({ error }) => error !== undefined)).toBe(true);
    expectNoKey(key, { stdout: session.program.stdout, stderr: session.program.stderr });
  });

  test("it does not show where everything goes well", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox();
    const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
    const env = { EXA_BASE_URL: upstream.url, EXA_API_KEY: key };
    const session = await era.open(startProgram(["--log-level", "debug", "--poll-interval", "0.2"], env));
    await session.call("wait_for_webset", { websetId: id }, { onprogress: () => {} });
    const { value } = await session.call("list_webset_events", { detail: "full" });
    await session.call("get_webset_event", { eventId: value.events[0].id });
    await session.readResource("websets://event-types");
    await session.program.end();
    expect(value.events.length).toBeGreaterThan(0);
    expectNoKey(key, { stdout: session.program.stdout, stderr: session.program.stderr });
  });

  test("it goes to the base URL's host only: no redirect is followed", async ({ startProgram, startStandIn }) => {
    const elsewhere: unknown[] = [];
    const thief = await startStandIn((request, response) => {
      elsewhere.push(request.headers);
      response.end("{}");
    });
    const keys: unknown[] = [];
    const upstream = await startStandIn((request, response) => {
      const status = [301, 302, 303, 307, 308][keys.push(request.headers["x-api-key"]) % 5] ?? 302;
      response.writeHead(status, { location: `${thief.url}${request.url}?${encodeURIComponent(key)}` });
      response.end();
    });
    const env = { EXA_BASE_URL: upstream.url, EXA_API_KEY: key };
    const session = await era.open(startProgram(["--log-level", "debug"], env));
    const events = [301, 302, 303, 307, 308].map((status) =>
      session.call("get_webset_event", { eventId: `evt_${status}` }),
    );
    await Promise.all([...events, callEverything(session, "webset_1")]);
    await session.program.end();
    expect(keys.length).toBeGreaterThan(5);
    expect(new Set(keys)).toEqual(new Set([key]));
    expect(elsewhere).toEqual([]);
    expectNoKey(key, { stdout: session.program.stdout, stderr: session.program.stderr });
  });
});

/** Every tool once, on something of this name. */
function callEverything(session: Session, name: string): Promise<ToolResult[]> {
  return Promise.all([
    session.call("get_webset_event", { eventId: name }),
    session.call("get_webset_progress", { websetId: name }),
    session.call("list_webset_events", { websetId: name }),
    session.call("wait_for_webset", { websetId: name, timeoutSeconds: 0 }, { onprogress: () => {} }),
    session.call("wait_for_webset_event", { websetId: name, timeoutSeconds: 0 }, { onprogress: () => {} }),
  ]);
}

test.for(KEYS)(
  "the key %j is not logged where a caller puts it into an argument",
  async (key, { startProgram, startSandbox }) => {
    const { env } = await startSandbox();
    const session = await ERAS[0]?.open(startProgram(["--log-level", "debug"], { ...env, EXA_API_KEY: key }));
    await session?.call("wait_for_webset_event", { types: [key] });
    await session?.call("list_webset_events", { page: key, before: key });
    await session?.call("get_webset_event", { eventId: key });
    await session?.call("get_webset_progress", { websetId: "webset_1", [key]: key });
    await session?.program.end();
    expect(session?.program.stderr).toContain("[key]");
    expectNoKey(key, { stderr: session?.program.stderr ?? "" });
  },
);

test("the key does not show in help, in refused settings, or where it is given in a wrong place", async () => {
  const [key = ""] = KEYS;
  const tries: [args: string[], env: Record<string, string>][] = [
    [["--help"], {}],
    [["--version"], {}],
    [["--no-such-flag"], {}],
    [["--api-key", key], {}],
    [[`--api-key=${key}`], {}],
    [["--poll-interval", key], {}],
    [[`--log-level=${key}`], {}],
    [[], { EXA_BASE_URL: `http://${key}@example.com` }],
    [[], { EXA_BASE_URL: `https://user:${key}@example.com/` }],
    [[], { EXA_BASE_URL: `https://example.com/?key=${key}` }],
    [[], { EXA_BASE_URL: `https://example.com/#${key}` }],
    [[], { EXA_BASE_URL: `http://${key}.example.com` }],
    [[], { EXA_BASE_URL: key }],
    [[], { HTTPS_PROXY: `ftp://user:${key}@example.com` }],
    [[], { WEBSETS_EVENTS_MAX_WAIT: key }],
    [[], { EXA_API_KEY: `${key}\n${key}` }],
    [[], { EXA_API_KEY: `${key}\u{1f511}` }],
  ];
  for (const [args, env] of tries) {
    const { stdout, stderr } = await runProgram(args, { EXA_API_KEY: key, ...env });
    expectNoKey(key, { [`stdout of ${JSON.stringify({ args, env })}`]: stdout, [`stderr of ${args}`]: stderr });
  }
});
