import { describe, expect, test } from "vitest";
import type { FaultName } from "../../../src/sandbox/faults.ts";
import { API } from "../support.ts";
import { openWithFaults } from "./support.ts";

/** What stands before the API answers in another shape than the API itself. */
const BEFORE_THE_API: [FaultName, number, string, string?][] = [
  ["wrong-key-400", 400, "x-api-key header is invalid"],
  ["no-plan", 401, "Your team (Sandbox) does not have access to the API, upgrade to a Pro plan"],
  ["out-of-credits", 402, "You have no more credits left", "NO_MORE_CREDITS"],
  ["error-503", 503, "The service is overloaded, try again later", "SERVICE_OVERLOADED"],
];

const EXPECTED: [FaultName, number][] = [
  ["rate-limited", 429],
  ["rate-limited-date", 429],
  ["rate-limited-bare", 429],
  ["unauthorized", 401],
  ["error-500", 500],
  ["error-504", 504],
];

describe("an answer in place of the API's own", () => {
  test.each(BEFORE_THE_API)("%s is a %i with its id and its sentence", async (name, status, error, tag) => {
    const { get, clock } = openWithFaults([{ name }]);
    const answer = await get("/events?limit=3");
    expect(answer.status).toBe(status);
    const requestId = expect.stringMatching(/^[0-9a-z]{32}$/);
    expect(answer.json).toEqual({ requestId, error, ...(tag !== undefined && { tag }) });
    expect(answer.headers.date).toBe(new Date(clock.wallTime()).toUTCString());
  });

  test.each(EXPECTED)("%s is a %i in the API's own shape, with a date", async (name, status) => {
    const { get, clock } = openWithFaults([{ name }]);
    const answer = await get("/events?limit=3");
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({
      error: expect.any(String),
      message: expect.any(String),
      statusCode: status,
      timestamp: new Date(clock.wallTime()).toISOString(),
      path: "/v0/events",
    });
    expect(answer.headers.date).toBe(new Date(clock.wallTime()).toUTCString());
    expect(answer.headers).not.toHaveProperty("x-request-id");
  });

  test("429 has Retry-After in seconds, as a date that is not too early, or not at all", async () => {
    const { get, faults, clock } = openWithFaults([{ name: "rate-limited", times: 1 }]);
    await clock.advance(400);
    expect((await get("/events")).headers["retry-after"]).toBe("2");
    faults.add({ name: "rate-limited-date", times: 1 });
    const date = (await get("/events")).headers["retry-after"] ?? "";
    expect(Date.parse(date)).toBe(clock.wallTime() + 2_600);
    faults.add({ name: "rate-limited-bare", times: 1 });
    expect((await get("/events")).headers).not.toHaveProperty("retry-after");
    expect((await get("/events")).status).toBe(200);
  });

  test("502 is a page of HTML", async () => {
    const { sandbox } = openWithFaults([{ name: "html-502" }]);
    const answer = await sandbox.handle({ method: "GET", url: `${API}/events`, headers: { "x-api-key": "any" } });
    expect(answer.status).toBe(502);
    expect(answer.headers["content-type"]).toContain("text/html");
    expect(answer.body).toContain("<h1>502 Bad Gateway</h1>");
  });

  test("means that nothing was done", async () => {
    const { post, get } = openWithFaults([{ name: "error-503", times: 1 }]);
    expect((await post("/websets", {})).status).toBe(503);
    expect((await get("/websets")).json.data).toEqual([]);
  });
});
