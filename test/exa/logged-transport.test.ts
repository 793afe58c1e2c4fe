import { expect, test } from "vitest";
import type { HttpRequest } from "../../src/exa/http.ts";
import { loggedTransport } from "../../src/exa/http.ts";
import { abortError } from "../../src/shared/errors.ts";
import { createLog } from "../../src/shared/log.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { scriptedTransport } from "./scripted-transport.ts";

const REQUEST: HttpRequest = {
  method: "GET",
  url: new URL("https://api.example/websets/v0/events?cursor=secret-cursor&types=webset.idle"),
  headers: { "x-api-key": "secret-key" },
  signal: new AbortController().signal,
};

test("each request is a line with its method, path, end and time, and nothing of its headers and query", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const answer = { status: 503, headers: {}, body: "a body" };
  const slowly = async () => {
    await clock.sleep(34);
    return answer;
  };
  const inner = scriptedTransport(clock, slowly, new Error("ECONNRESET"), abortError());
  const transport = loggedTransport(inner, { clock, log: createLog("debug", (line) => lines.push(line)) });
  expect(await clock.until(transport(REQUEST))).toEqual(answer);
  await expect(transport(REQUEST)).rejects.toThrow("ECONNRESET");
  await expect(transport(REQUEST)).rejects.toMatchObject({ name: "AbortError" });
  expect(lines).toEqual([
    "websets-events-mcp debug: GET /websets/v0/events: 503, 34 ms",
    "websets-events-mcp debug: GET /websets/v0/events: no answer, 0 ms",
    "websets-events-mcp debug: GET /websets/v0/events: aborted, 0 ms",
  ]);
});
