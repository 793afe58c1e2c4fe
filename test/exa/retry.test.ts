import { expect, test } from "vitest";
import { parseHttpDate, ResponseTooLargeError } from "../../src/exa/http.ts";
import { isRetryable, parseRetryAfter, retryDelay } from "../../src/exa/retry.ts";
import { abortError, type ErrorFacts, type ErrorKind, WebsetsError } from "../../src/shared/errors.ts";

const errorOf = (kind: ErrorKind, facts: Partial<ErrorFacts> = {}) => new WebsetsError(kind, { what: "x", ...facts });
const none = () => 0;
const full = () => 1;

test("trouble that passes by itself is worth another try", () => {
  expect(isRetryable(errorOf("rate_limited", { status: 429 }))).toBe(true);
  expect(isRetryable(errorOf("unavailable", { status: 503 }))).toBe(true);
  expect(isRetryable(errorOf("unavailable"))).toBe(true);
  expect(isRetryable(errorOf("unexpected_response", { status: 200 }))).toBe(true);
});

test("what asking again cannot change is not asked again", () => {
  for (const kind of ["missing_key", "unauthorized", "forbidden", "not_found", "invalid_request"] as const) {
    expect(isRetryable(errorOf(kind)), kind).toBe(false);
  }
  expect(isRetryable(errorOf("unexpected_response", { status: 302 }))).toBe(false);
  expect(isRetryable(new ResponseTooLargeError(1))).toBe(false);
  expect(isRetryable(abortError())).toBe(false);
  expect(isRetryable(new TypeError("a mistake of ours"))).toBe(false);
});

test("the delay doubles from 250 ms up to 8 s", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 60].map((attempt) =>
    retryDelay({ attempt, error: errorOf("unavailable"), random: none }),
  );
  expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test("jitter only adds, at most half the delay", () => {
  const error = errorOf("unavailable");
  expect(retryDelay({ attempt: 1, error, random: full })).toBe(375);
  expect(retryDelay({ attempt: 9, error, random: full })).toBe(12_000);
  expect(retryDelay({ attempt: 9, error, random: () => 0.5 })).toBe(10_000);
});

test("Retry-After is a floor, and jitter goes on top of it", () => {
  const error = errorOf("rate_limited", { retryAfterMs: 3000 });
  expect(retryDelay({ attempt: 1, error, random: none })).toBe(3000);
  expect(retryDelay({ attempt: 1, error, random: full })).toBe(3125);
  expect(retryDelay({ attempt: 6, error, random: none })).toBe(8000);
});

const now = Date.parse("2026-11-01T12:00:00Z");
/** Ours is a day slow, which must not matter where the API's is known. */
const clocks = { server: now, ours: now - 86_400_000 };

test.each([
  ["7", 7000],
  [" 7 ", 7000],
  ["0", 0],
  ["1.5", 1500],
  ["-5", 0],
  ["999999999", 3_600_000],
  ["Sun, 01 Nov 2026 12:00:09 GMT", 9000],
  ["Sunday, 01-Nov-26 12:00:09 GMT", 9000],
  ["Sun, 01 Nov 2026 11:00:00 GMT", 0],
  ["Sun, 01 Nov 2027 12:00:00 GMT", 3_600_000],
])("Retry-After %j asks for %i ms", (value, ms) => {
  expect(parseRetryAfter(value, clocks)).toBe(ms);
});

test.each([
  [undefined],
  [""],
  ["soon"],
  ["wait 5"],
  ["5 apples"],
  ["0x10"],
  ["Sun, 99 Nov 2026 12:00:09 GMT"],
  ["NaN"],
])("Retry-After %j asks for nothing", (value) => {
  expect(parseRetryAfter(value, clocks)).toBeUndefined();
});

test.each([
  ["Sun, 01 Nov 2026 12:00:09 GMT", 9000],
  ["Sun, 01 Nov 2026 12:01:00 GMT", 60_000],
  ["Sun, 01 Nov 2026 12:01:01 GMT", undefined],
  ["Sun, 01 Nov 2026 11:50:00 GMT", 0],
])("by our own clock alone, %j asks for %j ms", (value, ms) => {
  expect(parseRetryAfter(value, { server: undefined, ours: now })).toBe(ms);
});

test("seconds are believed whatever the clocks show", () => {
  expect(parseRetryAfter("600", { server: undefined, ours: 0 })).toBe(600_000);
});

test("an HTTP date is read to the second, and only in its own notation", () => {
  expect(parseHttpDate("Sun, 01 Nov 2026 12:00:00 GMT")).toBe(now);
  for (const text of [undefined, "", "2026-11-01T12:00:00Z", "Sun, 01 Nov 2026 12:00:00", "Nov 1 2026"]) {
    expect(parseHttpDate(text), text).toBeUndefined();
  }
});
