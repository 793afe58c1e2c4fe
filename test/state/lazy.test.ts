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
  for (const file of files) expect(textOf(file)).not.toContain(`=require("./${name}")`);
  const started = new Set(files.filter((file) => /^main-\w+\.js$/.test(basename(file))));
  expect(started.size).toBe(1);
  for (const file of started) {
    for (const [, needed] of textOf(file).matchAll(/=require\("\.\/([\w-]+\.js)"\)/g))
      started.add(join("chunks", `${needed}`));
  }
  expect(started.size).toBeGreaterThan(1);
  for (const file of ["cli.js", ...started]) {
    expect(textOf(file)).not.toMatch(/\b(?:SharedPolls|SharedTasks|RedisState)\b/);
  }
});
