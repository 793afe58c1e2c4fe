import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { DEMO_WEBSET } from "../../src/sandbox/scenarios.ts";
import { TOOLS } from "../../src/tools/index.ts";
import { openToolWorld } from "../support/tool-world.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/agents.md"), "utf8");
const blocksOf = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, block = ""]) => block);

/** The programs of the page, as they stand there. */
// biome-ignore lint/suspicious/noExplicitAny: what they give is what the tests are about.
const recipes: Record<"untilDone" | "finishedItems" | "problems", (...args: unknown[]) => any> = new Function(
  `${transformSync(blocksOf("ts").join("\n"), { loader: "ts" }).code}\nreturn { untilDone, finishedItems, problems };`,
)();

async function open() {
  const { world, clock, call, close } = await openToolWorld();
  onTestFinished(() => close());
  const checked = async (name: string, args: Record<string, unknown>) => {
    const { value, error } = await clock.until(call(name, args));
    expect(error).toBeUndefined();
    return value;
  };
  return { world, clock, call: checked };
}

test("the page's program follows a Webset to its very end", async () => {
  const { world, call } = await open();
  const { id } = world.createWebset(DEMO_WEBSET);
  const { outcome, progress } = await recipes.untilDone(call, id);
  expect(outcome).toBe("reached");
  expect(progress).toMatchObject({ status: "idle", found: 50, enrichments: [{ status: "completed" }, {}] });
});

test("the page's program gets each finished item once, and ends", async () => {
  const { world, call } = await open();
  const { id, createdAt } = world.createWebset(DEMO_WEBSET);
  const ids: string[] = [];
  for await (const { itemId, summary } of recipes.finishedItems(call, id, createdAt)) {
    ids.push(itemId);
    expect(summary).toMatch(/^Item ready: /);
  }
  expect(ids).toHaveLength(50);
  expect(new Set(ids).size).toBe(50);
});

test("the page's program is told of a problem", async () => {
  const { world, clock, call } = await open();
  const { id } = world.createWebset(DEMO_WEBSET);
  await clock.advance(20_000);
  world.pauseWebset(id);
  const { value } = await recipes.problems(call).next();
  expect(value).toMatchObject({ websetId: id, problem: "paused" });
});

test("the page's programs in Python call tools as they are", () => {
  const calls = [
    ...blocksOf("python")
      .join("\n")
      .matchAll(/await call\(\s*"(\w+)"(.*?)\)\n/gs),
  ];
  expect(calls).toHaveLength(3);
  for (const [, name, args = ""] of calls) {
    const tool = TOOLS.find((one) => one.name === name);
    for (const [, parameter = ""] of args.matchAll(/(\w+)=/g)) expect(tool?.input.shape).toHaveProperty(parameter);
  }
});

test("every tool and parameter that the page names is there", () => {
  const names = [...page.matchAll(/`((?:list|get|wait_for)_webset\w*)`/g)].map(([, name]) => name);
  expect(TOOLS.map(({ name }) => name)).toEqual(expect.arrayContaining([...new Set(names)]));
  const parameters = [...page.matchAll(/`(\w+): (?:["[\d]|true)/g)].map(([, name]) => name as string);
  const taken = new Set(TOOLS.flatMap(({ input }) => Object.keys(input.shape)));
  expect(parameters.filter((name) => !taken.has(name))).toEqual([]);
});
