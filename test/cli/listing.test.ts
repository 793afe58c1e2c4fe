import { describe, expect, onTestFinished, test } from "vitest";
import { items } from "../../src/cli/commands/items.ts";
import { websets } from "../../src/cli/commands/websets.ts";
import { widthOf } from "../../src/cli/terminal.ts";
import { DEMO_WEBSET, findScenario } from "../../src/sandbox/scenarios.ts";
import { type CommandWorldOptions, openCommandWorld } from "../support/command-world.ts";

const open = async (scenario: string, options: CommandWorldOptions = {}) => {
  const world = await openCommandWorld({ env: { NO_COLOR: "1" }, ...options });
  onTestFinished(() => world.close());
  findScenario(scenario)?.begin(world.world);
  return world;
};

/** One with all its items. */
const openFinished = async (columns?: number) => {
  const world = await open("quiet", columns === undefined ? {} : { columns });
  const { id } = world.world.createWebset(DEMO_WEBSET);
  await world.clock.advance(180_000);
  return { ...world, id };
};

describe.each([40, 80, 200])("on a terminal of %d columns", (columns) => {
  test("Websets are a table that fits, with ids that can be copied", async () => {
    const { context, clock, stdout, stderr, world } = await open("busy", { columns });
    world.createWebset(DEMO_WEBSET);
    await clock.advance(20_000);
    expect(await clock.until(websets({}, context))).toBe(0);
    for (const line of stdout.lines) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
    for (const { webset } of world.listWebsets({ order: "oldest-first" })) {
      expect(stdout.text).toContain(webset.externalId ?? webset.id);
    }
    expect(stdout.text).toContain("running");
    if (columns === 200) expect(stdout.lines[0]).toMatch(/^WEBSET +STATUS +TITLE +HOW FAR +CREATED \(UTC\)$/);
    if (columns === 80) expect(stdout.lines[0]).toMatch(/^WEBSET +STATUS +TITLE +HOW FAR$/);
    if (columns === 40) expect(stdout.lines[0]).toMatch(/^webset_[a-z\d]{26}$/);
    expect(stderr.text.includes("No room for")).toBe(columns === 80);
    const far =
      columns === 200 ? /running .* \d+ of 50 found, \d+ %, about \d+ s left;/ : /\b\d+ of 50, \d+ s (?:left|…)/;
    expect(stdout.text).toMatch(far);
  });

  test("items are a table that fits, with what is known of each", async () => {
    const { context, clock, stdout, id } = await openFinished(columns);
    expect(await clock.until(items({ websetId: id, limit: "5" }, context))).toBe(0);
    expect(stdout.lines).toHaveLength(6);
    expect(stdout.lines[0]).toMatch(/^NAME +URL/);
    for (const line of stdout.lines) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
    if (columns === 200) expect(stdout.lines[0]).toMatch(/MEETS +Year and month.* +Contact email/);
  });
});

describe("a list without an end", () => {
  const row = { title: null, status: "idle", createdAt: "2026-11-01T12:00:00.000Z", summary: "" };

  test("ends where it tells the same again and again, with an error that says so", async () => {
    const { context, clock, stdout } = await open("quiet");
    let calls = 0;
    const call = async () => ({ websets: [{ ...row, websetId: "webset_1" }], nextPage: `${calls++}` });
    await expect(clock.until(websets({ all: true }, { ...context, call }))).rejects.toMatchObject({
      kind: "unexpected_response",
      message: expect.stringContaining("the same again and again"),
    });
    expect(stdout.lines).toHaveLength(11);
  });
});

describe("in a pipe", () => {
  test("Websets are one JSON object a line, as the tool gives them", async () => {
    const { context, clock, stdout, stderr } = await open("busy");
    expect(await clock.until(websets({}, context))).toBe(0);
    const { websets: told } = await clock.until(context.call("list_websets", { limit: 50 }));
    expect(stdout.lines.map((line) => JSON.parse(line))).toEqual(told);
    expect(stderr.text).toBe("");
  });

  test("--status leaves out the others, and says where there are none", async () => {
    const { context, clock, stdout, stderr } = await open("queued");
    await clock.until(websets({ status: "running" }, context));
    expect(stdout.lines).toHaveLength(2);
    await clock.until(websets({ status: "paused" }, context));
    expect(stdout.lines).toHaveLength(2);
    expect(stderr.text).toBe("There are no Websets that are paused.\n");
  });

  test("--limit counts over pages, --all takes all, and where there is more it is said", async () => {
    const { context, clock, stdout, stderr } = await open("burst");
    const countFor = async (flags: object) => {
      stdout.text = "";
      stderr.text = "";
      await clock.until(websets(flags, context));
      return [stdout.lines.length, stderr.text];
    };
    expect(await countFor({})).toEqual([25, "These are the first 25; --all prints all, --limit more.\n"]);
    expect(await countFor({ limit: "3" })).toEqual([3, "These are the first 3; --all prints all, --limit more.\n"]);
    expect(await countFor({ limit: "40" })).toEqual([40, ""]);
    expect(await countFor({ limit: "1000" })).toEqual([40, ""]);
    expect(await countFor({ all: true })).toEqual([40, ""]);
  });

  test("items come with their enrichments, with --full whole, and each once over all pages", async () => {
    const { context, clock, stdout, id } = await openFinished();
    await clock.until(items({ websetId: id, all: true }, context));
    const told = stdout.lines.map((line) => JSON.parse(line));
    expect(new Set(told.map(({ itemId }) => itemId)).size).toBe(50);
    expect(told[0]).toMatchObject({ criteria: expect.stringMatching(/ of 3$/), enrichments: expect.any(Object) });
    expect(told[0]).not.toHaveProperty("data");
    stdout.text = "";
    await clock.until(items({ websetId: id, limit: "2", full: true }, context));
    expect(stdout.lines.map((line) => JSON.parse(line).data.id)).toEqual(told.slice(0, 2).map(({ itemId }) => itemId));
  });

  test("end with Ctrl+C after a line that says how far they came", async () => {
    const { context, clock, stderr, interrupt } = await open("burst");
    interrupt();
    await expect(clock.until(websets({ all: true }, context))).rejects.toThrow(
      expect.objectContaining({ name: "AbortError" }),
    );
    expect(stderr.text).toBe("Stopped after 0; the same command begins anew.\n");
  });

  test("items of a Webset that has none yet are nothing, and that is said", async () => {
    const { context, clock, stdout, stderr, world } = await open("quiet");
    const { id } = world.createWebset(DEMO_WEBSET);
    expect(await clock.until(items({ websetId: id }, context))).toBe(0);
    expect([stdout.text, stderr.text]).toEqual(["", "The Webset has no items yet.\n"]);
  });
});
