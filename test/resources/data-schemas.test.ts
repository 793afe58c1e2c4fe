import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { parseEvent } from "../../src/exa/event.ts";
import { EVENT_TYPES, type EventResource, isKnownEventType } from "../../src/exa/event-types.ts";
import { ownerOf } from "../../src/feed/event.ts";
import { dataSchemaOf } from "../../src/resources/data-schemas/index.ts";
import { exampleOf } from "../../src/resources/examples/index.ts";
import { SCENARIOS } from "../../src/sandbox/scenarios.ts";
import { LONG_MS, openWorld } from "./in-process.ts";

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, strictTypes: false });
formats.default(ajv);
const RESOURCES = [...new Set(EVENT_TYPES.map(({ resource }) => resource))];
const validators = new Map(RESOURCES.map((resource) => [resource, ajv.compile(dataSchemaOf(resource))]));

function errorsOf(resource: EventResource, data: unknown): unknown {
  const validate = validators.get(resource);
  return validate?.(data) ? undefined : validate?.errors;
}

describe("the schema of an event's data", () => {
  test.each(EVENT_TYPES)("fits the example of $type", ({ type, resource }) => {
    const example = exampleOf(type);
    expect(parseEvent(example)).toEqual(example);
    expect(errorsOf(resource, example.data)).toBeUndefined();
  });

  test.each(EVENT_TYPES)("knows every field of the example of $type", ({ type, resource }) => {
    const { properties } = dataSchemaOf(resource) as { properties: object };
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(exampleOf(type).data as object)));
  });

  test.each(SCENARIOS)("fits what happens in the sandbox's scenario $name", async ({ begin }) => {
    const { world, clock } = openWorld({ speed: 20 });
    begin(world);
    await clock.advance(LONG_MS);
    for (const { event } of world.events.walk({ order: "oldest-first" })) {
      if (!isKnownEventType(event.type)) continue;
      const { type } = event;
      const facts = EVENT_TYPES.find((one) => one.type === type) as (typeof EVENT_TYPES)[number];
      expect(errorsOf(facts.resource, event.data), type).toBeUndefined();
    }
  });

  test.each(RESOURCES)("refuses another resource than a %s", (resource) => {
    for (const facts of EVENT_TYPES.filter((one) => one.resource !== resource)) {
      // An export is so little documented that much else could be one.
      if (resource === "Export") continue;
      expect(errorsOf(resource, exampleOf(facts.type).data), facts.type).toBeDefined();
    }
  });

  test.each(RESOURCES)("refuses a %s without its id, or with a status nobody knows", (resource) => {
    const { type } = EVENT_TYPES.find((one) => one.resource === resource) as (typeof EVENT_TYPES)[number];
    const data = exampleOf(type).data as Record<string, unknown>;
    const { id: _, ...nameless } = data;
    expect(errorsOf(resource, nameless)).toBeDefined();
    if ("status" in data) expect(errorsOf(resource, { ...data, status: "unheard of" })).toBeDefined();
  });
});

describe("the examples", () => {
  test("belong to one Webset, as far as events say so", () => {
    const owners = EVENT_TYPES.map(({ type }) => ownerOf(type, exampleOf(type).data));
    const websets = owners.filter((owner) => owner.kind === "webset").map((owner) => owner.websetId);
    expect(websets).toHaveLength(15);
    expect(new Set(websets)).toEqual(new Set(["ws_example"]));
    expect(owners.filter((owner) => owner.kind === "monitor")).toHaveLength(2);
    expect(owners.filter((owner) => owner.kind === "import")).toHaveLength(2);
  });
});
