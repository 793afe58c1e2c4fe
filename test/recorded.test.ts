import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createSandbox } from "../src/sandbox/server.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { type Exchange, RECORDED } from "./support/recorded.ts";
import { addShapes, isBelowNothing, type Shapes } from "./support/shapes.ts";

/** A request took about so long, whatever whole second it was recorded in. */
const REQUEST_MS = 400;
const ID = /\b[a-z]+_[0-9a-z]{25,26}\b/g;

/** Fields that came after the recordings, by the OpenAPI file of August 2026. */
const LATER = [
  /^webset\.dashboardUrl$/,
  /^webset_search\.maxPeoplePerCompany$/,
  /\.company\.(foundedYear|headquarters|financials|webTraffic)(\W.*)?$/,
];
/** Places that may be null by the same file, though none of the few recorded items has a null there. */
const NULLABLE =
  /(\.company\.(location|employees|industry|about|logoUrl)|properties\.content|references\[\]\.(title|snippet))$/;
/** What callers choose by themselves. */
const OWN_KEYS = /(^|\.)metadata\./;
/** What does not change with time. */
const CONSTANT = /^(webset\.items|hasMore|nextCursor)$/;

/** What resources looked like at any time: a title is null at first, and a text then. */
const anyTime: Shapes = new Map();
for (const [, exchanges] of RECORDED) for (const { body } of exchanges) addShapes(anyTime, body);

/** The sandbox with as many rows in its lists as the account had that was recorded. */
function openAsRecorded(exchanges: readonly Exchange[], seed: number) {
  const clock = new FakeClock();
  const sandbox = createSandbox({ clock, seed });
  for (const { method, path, body } of exchanges) {
    const list = method === "GET" ? /^\/websets\/v0\/(imports|websets)(\?.*)?$/.exec(path)?.[1] : undefined;
    if (list === undefined) continue;
    const { data, nextCursor } = body;
    const created = exchanges.filter((other) => other.method === "POST" && other.path === `/websets/v0/${list}`).length;
    // One more than the page holds, where it was not the last one.
    for (let number = data.length - created + (nextCursor === null ? 0 : 1); number > 0; number--) {
      sandbox.world.past(number * 3_600_000, () => {
        if (list === "websets") {
          sandbox.world.createWebset({
            search: { query: `Invented query ${number}`, count: 1, criteria: [{ description: "Is invented" }] },
            enrichments: [{ description: "Invented description", format: "text" }],
          });
        } else {
          sandbox.world.imports.create({ format: "csv", size: 100, count: 5, entity: { type: "company" } });
        }
      });
    }
  }
  return { clock, sandbox };
}

function metadataOf(body: unknown): unknown {
  return (body as { metadata?: unknown }).metadata;
}

/** Learns which id of the sandbox stands for which recorded one. */
function pairIds(known: Map<string, string>, recorded: unknown, answered: unknown): void {
  if (typeof recorded !== "object" || recorded === null || typeof answered !== "object" || answered === null) return;
  for (const [key, value] of Object.entries(recorded)) {
    const other: unknown = (answered as Record<string, unknown>)[key];
    if (key === "id" && typeof value === "string" && typeof other === "string") known.set(value, other);
    else pairIds(known, value, other);
  }
}

/** Where an answer has other fields than the recorded one, or something that was never recorded in such a place. */
function differences({ method, status, body }: Exchange, answered: unknown): string[] {
  const recorded = addShapes(new Map(), body);
  const shapes = addShapes(new Map(), answered);
  const { object } = body;
  const wrong: string[] = [];
  for (const [place, forms] of shapes) {
    if (LATER.some((later) => later.test(place)) || OWN_KEYS.test(place)) continue;
    if (!recorded.has(place) && !isBelowNothing(recorded, place)) wrong.push(`${place} was not there`);
    // A new resource has no past, and what an action leads to is there at once.
    const isFixed = status === 201 || CONSTANT.test(place) || (method !== "GET" && place === `${object}.status`);
    const known = (isFixed ? recorded : anyTime).get(place);
    for (const form of forms) {
      if (known === undefined || known.has(form) || (form === "null" && NULLABLE.test(place))) continue;
      wrong.push(`${place} is ${form} and was ${[...known].join(", ")}`);
    }
  }
  for (const place of recorded.keys()) {
    if (!shapes.has(place) && !OWN_KEYS.test(place) && !isBelowNothing(shapes, place))
      wrong.push(`${place} is missing`);
  }
  return wrong;
}

describe.each(RECORDED)("the sandbox, asked what the API was asked in %s", (_, exchanges) => {
  // Its times differ with the seed, as those of the API do from day to day.
  test.each([1, 2, 3])("answers with the same status, fields and types (seed %i)", async (seed) => {
    const { clock, sandbox } = openAsRecorded(exchanges, seed);
    const begun = clock.now();
    const ids = new Map<string, string>();
    for (const exchange of exchanges) {
      const { method, path, seconds, status, requestBody, body } = exchange;
      await clock.advance(Math.max(REQUEST_MS, begun + seconds * 1_000 - clock.now()));
      const here = (text: string) => text.replace(ID, (id) => ids.get(id) ?? id);
      const answer = await sandbox.handle({
        method,
        url: here(path),
        headers: { "x-api-key": status === 400 ? "invalid" : "any" },
        body: requestBody === undefined ? undefined : here(JSON.stringify(requestBody)),
      });
      const answered: unknown = JSON.parse(answer.body);
      expect({ path, status: answer.status }).toEqual({ path, status });
      expect(answer.headers).not.toHaveProperty("x-request-id");
      expect(differences(exchange, answered)).toEqual([]);
      expect(metadataOf(answered)).toEqual(metadataOf(body));
      pairIds(ids, body, answered);
    }
    await sandbox.close();
  });
});

test("there are as many sessions and exchanges as were kept", () => {
  expect(RECORDED).toHaveLength(41);
  expect(RECORDED.flatMap(([, exchanges]) => exchanges)).toHaveLength(137);
});

test("nothing in the program reads a recording, nor anything else of the tests", () => {
  const src = join(import.meta.dirname, "../src");
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(100);
  const names = [...RECORDED.map(([name]) => name), "recorded/", "/test/"];
  for (const file of files) {
    const text = readFileSync(join(src, file), "utf8");
    for (const name of names) expect(text.includes(name), `${file} names ${name}`).toBe(false);
  }
});
