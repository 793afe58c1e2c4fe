import { expect, test } from "vitest";
import type { HttpAnswer } from "../../src/exa/http.ts";
import { refusalOf } from "../../src/exa/refusal.ts";
import { lineForOperator, sentenceForAgent } from "../../src/shared/errors.ts";

const KEY = "exa-test-key-1234";
const NOW = Date.parse("2026-11-01T12:00:00Z");
const refusal = (answer: Partial<HttpAnswer>, name = 'Webset "ws_1"') =>
  refusalOf({ status: 500, headers: {}, body: "", ...answer }, { name }, KEY, { server: NOW, ours: 0 });
const withMessage = (message: unknown, status = 400) => refusal({ status, body: JSON.stringify({ message }) }).message;

test.each([
  [301, "unexpected_response"],
  [302, "unexpected_response"],
  [304, "unexpected_response"],
  [400, "invalid_request"],
  [401, "unauthorized"],
  [402, "unexpected_response"],
  [403, "forbidden"],
  [404, "not_found"],
  [408, "unavailable"],
  [409, "invalid_request"],
  [418, "unexpected_response"],
  [422, "invalid_request"],
  [429, "rate_limited"],
  [500, "unavailable"],
  [502, "unavailable"],
  [503, "unavailable"],
  [504, "unavailable"],
  [599, "unavailable"],
])("status %i is of the kind %s and keeps its number and request id", (status, kind) => {
  const error = refusal({ status, headers: { "x-request-id": "req_1" } });
  expect(error).toMatchObject({ kind, status, requestId: "req_1" });
  expect(error.message).toContain(String(status));
});

test("Retry-After is kept, as seconds or as a date", () => {
  expect(refusal({ status: 429, headers: { "retry-after": "12" } }).retryAfterMs).toBe(12_000);
  const date = { "retry-after": "Sun, 01 Nov 2026 12:00:04 GMT" };
  expect(refusal({ status: 503, headers: date }).retryAfterMs).toBe(4000);
  expect(refusal({ status: 429 }).retryAfterMs).toBeUndefined();
});

test("the upstream's own message is repeated for 400 and 422 only", () => {
  for (const status of [400, 422])
    expect(withMessage("limit must be at most 200", status)).toContain("limit must be at most 200");
  for (const status of [301, 401, 403, 404, 409, 418, 429, 500, 503]) {
    expect(withMessage("limit must be at most 200", status)).not.toContain("limit");
  }
});

test("a message of several sentences in a list is one line", () => {
  expect(withMessage(["limit is wrong", 5, "types is wrong"])).toContain('"limit is wrong; types is wrong"');
});

test.each([[undefined], [null], [5], [{ a: "secret" }], [""], ["  \n "], [[]]])(
  "the message %j is left out",
  (message) => {
    expect(withMessage(message)).toBe('the API refused the request for Webset "ws_1" (400)');
  },
);

test("a body that is no JSON is left out", () => {
  for (const body of ["", "<html>secret</html>", '{"message": "secret', "null", '"secret"']) {
    expect(refusal({ status: 400, body }).message).not.toContain("secret");
  }
});

test("a message is cut at 200 characters, between characters", () => {
  const quoted = /"([^"]*)"$/.exec(withMessage("😀".repeat(300)))?.[1] ?? "";
  expect(Array.from(quoted)).toHaveLength(200);
  expect(quoted).toBe(`${"😀".repeat(199)}…`);
});

test("a message has no control, invisible or line-breaking characters left", () => {
  expect(withMessage("a\u001b[31mb\r\nc\u2028d\u202ee\u200bf\u0085g")).toContain('"a [31mb c d e f g"');
});

test("the key never shows, in a message, cut in two by it, or as a request id", () => {
  const answers: Partial<HttpAnswer>[] = [
    { status: 400, body: JSON.stringify({ message: `bad key ${KEY}` }) },
    { status: 422, body: JSON.stringify({ message: `${"x".repeat(190)}${KEY}` }) },
    { status: 401, headers: { "x-request-id": `req-${KEY}` } },
  ];
  for (const answer of answers) {
    const error = refusal(answer);
    for (const text of [sentenceForAgent(error), lineForOperator(error)]) expect(text).not.toContain(KEY.slice(0, 8));
  }
  expect(refusal({ status: 404 }, `Webset "${KEY}"`).message).not.toContain(KEY);
});

test("a request id that is no id is left out", () => {
  for (const id of ["", "two words", "é", "x".repeat(129)]) {
    expect(refusal({ headers: { "x-request-id": id } }).requestId).toBeUndefined();
  }
});

test("a 404 page of HTML does not come from the API and proves nothing missing", () => {
  expect(refusal({ status: 404, headers: { "content-type": "text/html; charset=utf-8" } }).kind).toBe(
    "unexpected_response",
  );
  expect(refusal({ status: 404, body: "\n<!DOCTYPE html>" }).kind).toBe("unexpected_response");
  expect(refusal({ status: 404, body: '{"message":"<b>"}' }).kind).toBe("not_found");
});

test("a redirect is named, but not where it leads", () => {
  const error = refusal({ status: 307, headers: { location: "https://evil.example/" } });
  expect(error.message).toContain("redirect");
  expect(error.message).not.toContain("evil");
});
