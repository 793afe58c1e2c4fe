import { expect, test } from "vitest";
import { DEFAULT_TIMEOUTS, explainSocketError, timeUp, tlsError } from "../../src/exa/socket-errors.ts";
import { abortError, WebsetsError } from "../../src/shared/errors.ts";

const coded = (code: string) => Object.assign(new Error(`technical ${code}`), { code });

test.each([
  ["connect", "api.exa.ai: no connection within 5 s"],
  ["headers", "api.exa.ai: connected, but no answer began within 15 s"],
  ["body", "api.exa.ai: the answer stalled for 30 s"],
  ["total", "api.exa.ai: the answer was not complete after 60 s"],
] as const)("the end of the time for %s is told as %j", (phase, message) => {
  expect(explainSocketError(timeUp(phase, DEFAULT_TIMEOUTS), "api.exa.ai")).toMatchObject({
    kind: "unavailable",
    message,
  });
});

test.each([
  ["ETIMEDOUT", "api.exa.ai: the other side stopped responding"],
  ["ECONNRESET", "api.exa.ai: the connection was closed before the answer was complete"],
  ["ECONNREFUSED", "api.exa.ai: the connection was refused"],
  ["ENOTFOUND", "api.exa.ai: the host's name could not be resolved"],
  ["ENETUNREACH", "api.exa.ai: there is no route to the host"],
  ["ESOMETHING", "api.exa.ai: the request failed (ESOMETHING)"],
])("%s is told as %j", (code, message) => {
  expect(explainSocketError(coded(code), "api.exa.ai")).toMatchObject({ kind: "unavailable", message });
});

test.each([
  ["CERT_HAS_EXPIRED", /this machine's clock/],
  ["CERT_NOT_YET_VALID", /this machine's clock/],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", /NODE_EXTRA_CA_CERTS/],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", /NODE_EXTRA_CA_CERTS/],
  ["ERR_TLS_CERT_ALTNAME_INVALID", /Something else answers under this name/],
])("a certificate that cannot be trusted (%s) comes with what helps", (code, advice) => {
  expect(explainSocketError(coded(code), "api.exa.ai")).toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining(code),
    advice: expect.stringMatching(advice),
  });
});

test.each(["HPE_INVALID_CONSTANT", "HPE_HEADER_OVERFLOW", "Z_DATA_ERROR", "ERR__ERROR_FORMAT_PADDING_1"])(
  "an answer that breaks HTTP (%s) is unexpected",
  (code) => {
    expect(explainSocketError(coded(code), "api.exa.ai")).toMatchObject({ kind: "unexpected_response" });
  },
);

test("what Node's parser could not read is not kept", () => {
  const error = Object.assign(coded("HPE_INVALID_CONSTANT"), { rawPacket: "upstream text" });
  expect((explainSocketError(error, "api.exa.ai") as WebsetsError).cause).toBeUndefined();
});

test.each(["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_CERTIFICATE_UNKNOWN_ALERT", "ECONNRESET"])(
  "a handshake that fails with %s is not blamed on a certificate of the other side",
  (code) => {
    expect(explainSocketError(tlsError(coded(code)), "api.exa.ai")).toMatchObject({
      kind: "unavailable",
      message: `api.exa.ai: no secure connection could be agreed on (${code})`,
      advice: undefined,
    });
  },
);

test("what a handshake reports of a certificate, an abort and a time that is up stays what it is", () => {
  for (const error of [coded("CERT_HAS_EXPIRED"), timeUp("connect", DEFAULT_TIMEOUTS), abortError()]) {
    expect(tlsError(error)).toBe(error);
  }
});

test("of several addresses that all failed the one tells most that could be reached", () => {
  for (const codes of [
    ["ECONNREFUSED", "ENETUNREACH"],
    ["ENETUNREACH", "ECONNREFUSED"],
  ]) {
    const all = new AggregateError(codes.map(coded));
    expect(explainSocketError(all, "localhost")).toMatchObject({ message: "localhost: the connection was refused" });
  }
  expect(explainSocketError(new AggregateError([coded("ENETUNREACH")]), "x")).toMatchObject({
    message: "x: there is no route to the host",
  });
});

test("the times told are those in force", () => {
  const timeouts = { ...DEFAULT_TIMEOUTS, headers: 2500 };
  expect(explainSocketError(timeUp("headers", timeouts), "x")).toMatchObject({
    message: expect.stringContaining("2.5 s"),
  });
});

test("the technical error stays as the cause", () => {
  const error = coded("ECONNRESET");
  expect((explainSocketError(error, "x") as WebsetsError).cause).toBe(error);
});

test("an error in words already, and a mistake of ours, stay what they are", () => {
  for (const error of [
    new WebsetsError("unavailable", { what: "x" }),
    new TypeError("x"),
    new AggregateError([]),
    "text",
  ]) {
    expect(explainSocketError(error, "api.exa.ai")).toBe(error);
  }
});
