import { expect } from "vitest";
import { checksum } from "../../src/feed/cursor.ts";
import { test } from "./attack.ts";

/** A page token as only its checksum tells from one of ours. */
function forged(json: string): string {
  return `p${checksum(Buffer.from(json)).toString("base64url")}${Buffer.from(json).toString("base64url")}`;
}

const IMPOSSIBLE = [
  "",
  "{",
  "null",
  "[]",
  '["list_webset_events"]',
  '["list_webset_events",null]',
  '["list_webset_events",{"before":{"time":1e300,"id":null},"cursor":5}]',
  '["list_webset_events",{"before":{"time":0,"id":"a"},"cursor":"c"}]',
  '["list_websets",{"page":[]}]',
  '["toString",{}]',
  `["list_webset_events",${"[".repeat(10_000)}`,
].map(forged);

test("a token that was tampered with or made up is refused in words, wherever it is given", async ({
  upstream,
  connect,
}) => {
  for (let n = 0; n < 3; n++) upstream.tell({ at: -10_000 - n });
  const session = await connect();
  const { value } = await session.call("list_webset_events", { limit: 1 });
  const tampered = [value.cursor, value.nextPage].flatMap((token: string) => [
    token.slice(0, -2),
    token.slice(1),
    token + token,
    `${token.slice(0, 5)}${token[5] === "A" ? "B" : "A"}${token.slice(6)}`,
    token.toUpperCase(),
  ]);
  const given = [...tampered, ...IMPOSSIBLE, "c", "p", "A".repeat(1_000), "x".repeat(50_000)];
  const asked = upstream.asked.length;
  for (const token of given) {
    const errors = await Promise.all([
      session.call("wait_for_webset_event", { after: token, timeoutSeconds: 0 }),
      session.call("list_webset_events", { after: token }),
      session.call("list_webset_events", { page: token }),
      session.call("list_websets", { page: token }),
    ]);
    for (const { error } of errors) expect(error, token.slice(0, 100)).toMatch(/^invalid_request: /);
  }
  expect(upstream.asked.length).toBe(asked);
  // Each is taken where it belongs.
  const taken = await session.call("list_webset_events", { page: value.nextPage, limit: 1 });
  expect(taken.value.events).toHaveLength(1);
});
