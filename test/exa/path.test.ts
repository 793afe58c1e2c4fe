import { expect, test } from "vitest";
import { pathSegment } from "../../src/exa/client.ts";

test.each([
  ["ws_1", "ws_1"],
  ["my webset", "my%20webset"],
  ["a?b#c%2Fd&e", "a%3Fb%23c%252Fd%26e"],
  ["...", "..."],
  [".hidden", ".hidden"],
  ["日本", "%E6%97%A5%E6%9C%AC"],
  ["%2e%2e", "%252e%252e"],
  ["x".repeat(300), "x".repeat(300)],
])("the id %j becomes the segment %j", (id, segment) => {
  expect(pathSegment("websetId", id)).toBe(segment);
});

test.each([
  [""],
  ["   "],
  ["."],
  [".."],
  ["a/b"],
  ["../websets"],
  ["a\\b"],
  ["a\nb"],
  ["a\u0000b"],
  ["a\u007fb"],
  ["a\u0085b"],
  ["a\u2028b"],
  ["\ud800"],
  ["x".repeat(301)],
])("%j is refused as an id, by the name of its parameter", (id) => {
  expect(() => pathSegment("websetId", id)).toThrow(
    expect.objectContaining({ kind: "invalid_request", message: expect.stringMatching(/^websetId (is|contains) /) }),
  );
});

test("an externalId with a slash is not asked for again as it is: the Webset's own id is", () => {
  const advice = "Pass the Webset's id where its externalId has one: list_websets tells both.";
  expect(() => pathSegment("websetId", "clients/acme")).toThrow(expect.objectContaining({ advice }));
  const asGiven = expect.objectContaining({ advice: expect.stringMatching(/^Pass eventId exactly/) });
  expect(() => pathSegment("eventId", "a/b")).toThrow(asGiven);
});
