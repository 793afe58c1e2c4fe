import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { markedText } from "../scripts/marked.ts";
import { DEMO_WEBSET } from "../src/sandbox/scenarios.ts";
import { ERAS } from "./support/eras.ts";
import { Program } from "./support/program.ts";
import { README, readSurface, SURFACE, type Surface } from "./support/surface.ts";
import { openToolWorld } from "./support/tool-world.ts";
import { toolsTable } from "./support/tools-table.ts";

const UPDATE = "node scripts/run.mjs scripts/update-surface.ts";

/** In bytes of compact JSON, as it goes over the wire. */
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

let surface: Surface;
beforeAll(async () => {
  surface = await readSurface();
});

describe("what the program shows of itself", () => {
  test.each(["tools.json", "resources-and-prompts.json", "instructions.txt", "help.txt", "commands-help.txt"])(
    "is what %s says; a change on purpose is written down with scripts/update-surface.ts",
    (name) => {
      const path = join(SURFACE, name);
      const kept = existsSync(path) ? readFileSync(path, "utf8") : "";
      expect(surface.files[name], `If this is on purpose: ${UPDATE}`).toBe(kept);
    },
  );

  test("is kept in no other files", () => {
    expect(readdirSync(SURFACE).sort()).toEqual(Object.keys(surface.files).sort());
  });

  test("is the table of tools that the README has between its markers", () => {
    const page = existsSync(README) ? readFileSync(README, "utf8") : "";
    expect(markedText(page, "tools"), `If this is on purpose: ${UPDATE}`).toBe(toolsTable(surface.tools));
  });

  test.each(ERAS)("is the same in the era of $name", async (era) => {
    const program = new Program([], {});
    onTestFinished(() => program.end());
    const session = await era.open(program);
    const shown = ({ name, title, description, inputSchema, outputSchema, annotations }: Surface["tools"][number]) => ({
      name,
      title,
      description,
      inputSchema,
      outputSchema,
      annotations,
    });
    expect((session.tools as Surface["tools"]).map(shown)).toEqual(surface.tools.map(shown));
    expect(session.instructions).toBe(surface.instructions);
  });
});

describe("what a model has to read", () => {
  test("is at most 16,000 bytes of tools, and 8,000 of them names, descriptions and input schemas", () => {
    const read = surface.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(bytes({ tools: surface.tools })).toBeLessThanOrEqual(16_000);
    expect(bytes(read)).toBeLessThanOrEqual(8_000);
  });

  test("is at most 400 characters for each tool and each parameter, and something for each", () => {
    for (const { name, description = "", inputSchema } of surface.tools) {
      expect(description, name).toMatch(/^.{20,400}$/s);
      for (const [parameter, schema] of Object.entries(inputSchema.properties ?? {})) {
        expect(schema.description, `${name}.${parameter}`).toMatch(/^.{10,400}$/s);
      }
    }
  });

  test("is less than 900 characters of instructions", () => {
    expect(surface.instructions.length).toBeLessThan(900);
  });

  test("is at most 1,200 bytes for a wait, as the median over the life of a Webset", async () => {
    const world = await openToolWorld();
    onTestFinished(() => world.close());
    const { id } = world.world.createWebset(DEMO_WEBSET);
    const sizes: number[] = [];
    for (let outcome = "still_running"; outcome === "still_running"; ) {
      const call = world.call("wait_for_webset", { websetId: id, until: "idle", timeoutSeconds: 5 });
      const { value } = await world.clock.until(call);
      sizes.push(bytes(value));
      outcome = value.outcome;
    }
    const median = sizes.toSorted((a, b) => a - b)[Math.floor(sizes.length / 2)];
    expect(sizes.length).toBeGreaterThan(10);
    expect(median).toBeLessThanOrEqual(1_200);
    expect(median).toBeGreaterThan(300);
  });
});

describe("what hosts show", () => {
  /** The drawing in an icon's address, which leads nowhere. */
  const drawing = ({ src, mimeType }: { src: string; mimeType: string }) => {
    const [, text = ""] = src.split(`data:${mimeType};base64,`);
    return Buffer.from(text, "base64").toString();
  };

  test("is a title and a drawing for the server: that of assets/icon.svg", () => {
    const { title, icons } = surface.server;
    expect(title).toBe("Exa Websets events");
    const kept = readFileSync(join(README, "../assets/icon.svg"), "utf8");
    const shapes = kept.replace(/<!--.*?-->\s*|<title>.*?<\/title>/g, "").trim();
    expect(icons.map(drawing)).toEqual([shapes]);
  });

  test("is one drawing for each kind of tool", () => {
    const drawings = new Map(surface.tools.map(({ name, icons }) => [name.split("_")[0], icons.map(drawing).join()]));
    expect([...drawings.keys()].sort()).toEqual(["get", "list", "wait"]);
    expect(new Set(drawings.values()).size).toBe(3);
    for (const svg of drawings.values())
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 16 16"><path [^<>]+\/><\/svg>$/);
  });
});

describe("every tool", () => {
  test("only reads, is open to the world, and takes no parameter it does not name", () => {
    for (const { name, annotations, inputSchema, title } of surface.tools) {
      expect(annotations, name).toMatchObject({ readOnlyHint: true, openWorldHint: true });
      expect(inputSchema, name).toMatchObject({ type: "object", additionalProperties: false });
      expect(title, name).toMatch(/^\S.{4,40}$/);
    }
  });

  test("that may be asked again with the same effect says so", () => {
    const idempotent = surface.tools.filter(({ annotations }) => "idempotentHint" in annotations);
    expect(idempotent.map(({ name }) => name)).toEqual([
      "wait_for_webset",
      "list_webset_events",
      "get_webset_event",
      "get_webset_progress",
      "list_websets",
      "list_webset_items",
    ]);
  });

  test("names neither the default nor the maximum of timeoutSeconds in its schema", () => {
    for (const { name, inputSchema } of surface.tools) {
      const { timeoutSeconds } = (inputSchema.properties ?? {}) as Record<string, object>;
      if (timeoutSeconds === undefined) continue;
      expect(timeoutSeconds, name).not.toHaveProperty("default");
      expect(timeoutSeconds, name).not.toHaveProperty("maximum");
    }
  });
});

describe("the table of tools", () => {
  const tool = {
    name: "look",
    description: "Look at it, e.g. a|b. Then go on.",
    inputSchema: { properties: { id: {}, detail: {} }, required: ["id"] },
  };

  test("has the first sentence of each description, and marks what may be left out", () => {
    expect(toolsTable([tool])).toBe(
      "| tool | what it does | parameters |\n| --- | --- | --- |\n| `look` | Look at it, e.g. a\\|b | `id`, `detail?` |",
    );
  });
});
