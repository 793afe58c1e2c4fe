import { expect, test } from "vitest";
import { DEFAULT_TIMEOUTS, inWords } from "../../src/exa/socket-errors.ts";
import { WebsetsError } from "../../src/shared/errors.ts";

const coded = (code: string) => Object.assign(new Error(`technical ${code}`), { code });

test.each([
  ["UND_ERR_CONNECT_TIMEOUT", "api.exa.ai: no connection within 5 s"],
  ["UND_ERR_HEADERS_TIMEOUT", "api.exa.ai: connected, but no answer began within 15 s"],
  ["UND_ERR_BODY_TIMEOUT", "api.exa.ai: the answer stalled for 30 s"],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "api.exa.ai: the answer was cut short"],
  ["UND_ERR_SOCKET", "api.exa.ai: the connection was closed before the answer was complete"],
  ["ECONNRESET", "api.exa.ai: the connection was closed before the answer was complete"],
  ["ECONNREFUSED", "api.exa.ai: the connection was refused"],
  ["ENOTFOUND", "api.exa.ai: the host's name could not be resolved"],
  ["ENETUNREACH", "api.exa.ai: there is no route to the host"],
  ["UND_ERR_ABORTED", "api.exa.ai: the proxy did not open a tunnel to the host"],
  ["ESOMETHING", "api.exa.ai: the request failed (ESOMETHING)"],
])("%s is told as %j", (code, message) => {
  expect(inWords(coded(code), "api.exa.ai")).toMatchObject({ kind: "unavailable", message });
});

test.each([
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
])("a certificate that cannot be trusted (%s) comes with advice", (code) => {
  expect(inWords(coded(code), "api.exa.ai")).toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining(code),
    advice: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
  });
});

test.each(["HPE_INVALID_CONSTANT", "UND_ERR_HEADERS_OVERFLOW", "Z_DATA_ERROR"])(
  "an answer that breaks HTTP (%s) is unexpected",
  (code) => {
    expect(inWords(coded(code), "api.exa.ai")).toMatchObject({ kind: "unexpected_response" });
  },
);

test("what undici's parser could not read is unexpected, and is not kept", () => {
  const error = Object.assign(new Error("x"), { name: "HTTPParserError", code: undefined, data: "upstream text" });
  const told = inWords(error, "api.exa.ai") as WebsetsError;
  expect(told.kind).toBe("unexpected_response");
  expect(told.cause).toBeUndefined();
});

test("several addresses that all failed are told as the first", () => {
  const all = new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")]);
  expect(inWords(all, "localhost")).toMatchObject({ message: "localhost: the connection was refused" });
});

test("the times told are those in force", () => {
  const timeouts = { ...DEFAULT_TIMEOUTS, headers: 2500 };
  expect(inWords(coded("UND_ERR_HEADERS_TIMEOUT"), "x", timeouts)).toMatchObject({
    message: expect.stringContaining("2.5 s"),
  });
});

test("the technical error stays as the cause", () => {
  const error = coded("ECONNRESET");
  expect((inWords(error, "x") as WebsetsError).cause).toBe(error);
});

test("an error in words already, and a mistake of ours, stay what they are", () => {
  for (const error of [
    new WebsetsError("unavailable", { what: "x" }),
    new TypeError("x"),
    new AggregateError([]),
    "text",
  ]) {
    expect(inWords(error, "api.exa.ai")).toBe(error);
  }
});
