import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config.ts";
import { byOwnKey, byToken, readTokens } from "../../src/http/keys.ts";

const KEY = "6f0a1b2c-0000-4000-8000-00000000000a";
const OTHER = "6f0a1b2c-0000-4000-8000-00000000000b";

describe("a caller's own key", () => {
  test.each([
    ["x-exa-api-key", { "x-exa-api-key": KEY }],
    ["x-api-key", { "x-api-key": ` ${KEY} ` }],
    ["Authorization", { authorization: `Bearer ${KEY}` }],
    ["Authorization in small letters", { authorization: `bearer  ${KEY}` }],
    ["x-exa-api-key before what a gateway adds", { authorization: `Bearer ${OTHER}`, "x-exa-api-key": KEY }],
    ["x-api-key before what a gateway adds", { authorization: `Bearer ${OTHER}`, "x-api-key": KEY }],
    ["the header that holds one", { "x-exa-api-key": "", "x-api-key": KEY }],
    ["the header that holds no placeholder", { "x-exa-api-key": "$" + "{EXA_API_KEY}", "x-api-key": KEY }],
  ])("is taken from %s", (_, headers) => {
    expect(byOwnKey(headers)).toEqual({ kind: "known", apiKey: KEY });
  });

  test.each([
    ["nowhere", {}],
    ["Basic authorization", { authorization: `Basic ${KEY}` }],
    ["a placeholder", { "x-exa-api-key": "your-exa-api-key" }],
    ["a header that came twice", { "x-api-key": `${KEY}, ${OTHER}` }],
    ["what is too long", { "x-api-key": "a".repeat(300) }],
  ])("is missing in %s, and nothing of it is repeated", (_, headers) => {
    const caller = byOwnKey(headers);
    expect(caller).toMatchObject({ kind: "missing", why: expect.stringContaining("x-exa-api-key") });
    expect(JSON.stringify(caller)).not.toContain(KEY);
  });
});

const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");

describe("a token", () => {
  const environment = { KEY_OF_SALES: KEY, KEY_OF_LAB: OTHER };
  const file = JSON.stringify({
    [hashOf("token-of-sales")]: "KEY_OF_SALES",
    [hashOf("token-of-lab").toUpperCase()]: "KEY_OF_LAB",
  });
  const identify = byToken(readTokens(file, environment));

  test("stands for the key of its variable", () => {
    expect(identify({ authorization: "Bearer token-of-sales" })).toEqual({
      kind: "known",
      apiKey: KEY,
      name: "KEY_OF_SALES",
    });
    expect(identify({ "x-api-key": "token-of-lab" })).toMatchObject({ apiKey: OTHER });
  });

  test.each([
    ["that is none", "token-of-nobody"],
    ["of which a letter is missing", "token-of-sale"],
    ["that is a hash", hashOf("token-of-sales")],
    ["that is the key itself", KEY],
  ])("%s is refused, and not repeated", (_, token) => {
    const caller = identify({ authorization: `Bearer ${token}` });
    expect(caller.kind).toBe("refused");
    expect(JSON.stringify(caller)).not.toContain(token);
  });

  test("is missing without one, whatever other key is there", () => {
    expect(identify({ "x-exa-api-key": KEY }).kind).toBe("missing");
  });

  test.each([
    ["no JSON", "{", /one JSON object/],
    ["a list", "[]", /one JSON object/],
    ["nothing", "{}", /no token/],
    ["a token in the place of its hash", '{"token":"KEY_OF_SALES"}', /one JSON object/],
    ["a key in the place of its variable", JSON.stringify({ [hashOf("a")]: KEY }), /one JSON object/],
    ["a variable that is not set", JSON.stringify({ [hashOf("a")]: "KEY_OF_NOBODY" }), /KEY_OF_NOBODY/],
  ])("file with %s is refused without a word of what it holds", (_, text, says) => {
    const read = () => readTokens(text, environment);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(says);
    expect(read).not.toThrow(KEY);
  });
});
