import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { dataSchemaOf, eventData } from "../../scripts/support/event-data.ts";
import { parseEvent } from "../../src/exa/event.ts";
import { EVENT_TYPES, type EventResource, isKnownEventType } from "../../src/exa/event-types.ts";
import written from "../../src/resources/event-data.json" with { type: "json" };
import { SCENARIOS } from "../../src/sandbox/scenarios.ts";
import { LONG_MS, openWorld } from "./in-process.ts";

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, strictTypes: false });
formats.default(ajv);
const RESOURCES = [...new Set(EVENT_TYPES.map(({ resource }) => resource))];
const shown = new Map(RESOURCES.map((resource) => [resource, ajv.compile<unknown>(written.schemas[resource])]));
/** As Exa's OpenAPI file has them today, with the fields that came later. */
const documented = new Map(RESOURCES.map((name) => [name, ajv.compile<unknown>(dataSchemaOf(name, { later: true }))]));

function errorsOf(validators: typeof shown, resource: EventResource, data: unknown): unknown {
  const validate = validators.get(resource);
  return validate?.(data) ? undefined : validate?.errors;
}

test("what is written down is what Exa's OpenAPI file and the sandbox give", async () => {
  // Where this fails, node scripts/run.mjs scripts/update-event-data.ts writes it anew.
  expect(written).toEqual(JSON.parse(JSON.stringify(await eventData())));
});

// Exports are in no OpenAPI file.
const IN_FULL = EVENT_TYPES.filter(({ resource }) => resource !== "Export");

describe.each(EVENT_TYPES)("the example of $type", ({ type, resource }) => {
  const example = written.examples[type];

  test("is an event", () => {
    expect(parseEvent(example)).toEqual(example);
  });

  test("fits Exa's OpenAPI file and the schema that is shown", () => {
    expect(errorsOf(documented, resource, example.data)).toBeUndefined();
    expect(errorsOf(shown, resource, example.data)).toBeUndefined();
  });

  test("is short enough to be read", () => {
    expect(JSON.stringify(example).length).toBeLessThan(4_000);
  });
});

describe("the schema of an event's data", () => {
  test.each(IN_FULL)("knows every field of the example of $type", ({ type, resource }) => {
    const { properties } = written.schemas[resource] as { properties: object };
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(written.examples[type].data)));
  });

  test.each(SCENARIOS)("fits what happens in the sandbox's scenario $name", async ({ begin }) => {
    const { world, clock } = openWorld({ speed: 20 });
    begin(world);
    await clock.advance(LONG_MS);
    for (const { event } of world.events.walk({ order: "oldest-first" })) {
      if (!isKnownEventType(event.type)) continue;
      const facts = EVENT_TYPES.find(({ type }) => type === event.type) as (typeof EVENT_TYPES)[number];
      expect(errorsOf(documented, facts.resource, event.data), event.type).toBeUndefined();
    }
  });

  test.each(RESOURCES)("refuses another resource than a %s", (resource) => {
    for (const facts of EVENT_TYPES.filter((one) => one.resource !== resource)) {
      // An export is so little documented that much else could be one.
      if (resource === "Export") continue;
      expect(errorsOf(shown, resource, written.examples[facts.type].data), facts.type).toBeDefined();
    }
  });

  test.each(RESOURCES)("refuses a %s without its id, or with a status nobody knows", (resource) => {
    const { type } = EVENT_TYPES.find((one) => one.resource === resource) as (typeof EVENT_TYPES)[number];
    const { id: _, ...nameless } = written.examples[type].data as Record<string, unknown>;
    expect(errorsOf(shown, resource, nameless)).toBeDefined();
    if ("status" in nameless) {
      expect(errorsOf(shown, resource, { id: "any", ...nameless, status: "unheard of" })).toBeDefined();
    }
  });
});
