import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";

const dist = join(import.meta.dirname, "..", "..", "dist");
const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => /\.m?js$/.test(name));
const textOf = (name: string) => readFileSync(join(dist, name), "utf8");

test("what replicas share is in no file that a host starts with, and Redis's client is loaded only when it is asked for", () => {
  const ofRedis = files.filter((name) => textOf(name).includes("XADD"));
  expect(ofRedis).toHaveLength(1);
  const name = basename(ofRedis[0] ?? "");
  const naming = files.filter((file) => textOf(file).includes(name)).map((file) => basename(file));
  expect(naming).toEqual([expect.stringMatching(/^http-\w+\.js$/)]);
  for (const file of files) expect(textOf(file)).not.toMatch(new RegExp(`(?:from|import) ?"[^"]*${name}"`));
  for (const file of files.filter((one) => /(?:^|[\\/])(?:cli|main-\w+)\.js$/.test(one))) {
    expect(textOf(file)).not.toMatch(/class (?:SharedPolls|SharedTasks|MemoryState|RedisState)\b/);
  }
});
