import fc from "fast-check";
import type { KnownWords } from "../../../src/cli/doctor/mask.ts";
import { createIds, type IdKind } from "../../../src/sandbox/ids.ts";
import { createRandom } from "../../../src/sandbox/random.ts";

/** A source of whole numbers that gives the same for the same seed. */
export function chanceOf(seed: number): (limit: number) => number {
  const random = createRandom(seed);
  return (limit) => random.integer(0, limit - 1);
}

/** Runs of letters and digits long enough that invented ones do not fall on them by chance. */
const RUN = /[\p{L}\p{N}]{8,}/gu;
const DIGITS = /^\d{1,11}$/;

/** Words that stand in every recording, whatever was recorded. */
const OURS = /^(characters|unknown(Field)?\d*|webset|websets|monitor|enrichment|example)$/i;

/**
 * What of the API's answers stands in a text, though it should not: whole strings and long runs of characters within them, names of
 * fields that are none of the API's, and numbers that are no progress.
 */
export function leaksOf(upstream: unknown, told: string, { fields, values }: KnownWords): string[] {
  const allowed = new Set(
    [...fields, ...[...values.values()].flatMap((words) => [...words])].map((one) => one.toLowerCase()),
  );
  // Of some texts a part is such a word: a site's name, or the first half of a field's.
  const allowedText = [...allowed].join(" ");
  const lower = told.toLowerCase();
  const runs = new Set<string>();
  for (const text of new Set(textsOf(upstream))) {
    if (allowed.has(text.toLowerCase())) continue;
    for (const run of [...(text.match(RUN) ?? []), ...(text.length >= 12 ? [text] : [])]) runs.add(run.toLowerCase());
  }
  return [...runs].filter((run) => {
    if (DIGITS.test(run) || OURS.test(run) || allowedText.includes(run)) return false;
    return lower.includes(run) || lower.includes(JSON.stringify(run).slice(1, -1));
  });
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return Math.abs(value) >= 1e11 ? [String(value)] : [];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => [name, ...textsOf(one)]);
}

const IDS: readonly IdKind[] = ["webset", "search", "item", "enrichment", "firstEnrichment", "event", "request"];
const NOW = Date.parse("2026-11-27T14:00:00.000Z");

/** An id in any of the forms there are, or in none. */
const anyId: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...IDS), fc.nat(), fc.nat(5_000_000))
    .map(([kind, seed, ago]) => createIds(createRandom(seed))(kind, NOW - ago)),
  fc.uuid(),
  fc.stringMatching(/^[a-z]{3,10}_[0-9A-Za-z]{6,30}$/),
  fc.stringMatching(/^[0-9]{8,19}$/),
  fc.string({ minLength: 1, maxLength: 40 }),
);

/** What people and the web write. */
const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.stringMatching(/^[A-Z][a-z]{3,12}$/), { minLength: 1, maxLength: 6 }).map((words) => words.join(" ")),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.emailAddress(),
  fc.webUrl({ withQueryParameters: true }),
  fc
    .date({ noInvalidDate: true, min: new Date("1900-01-01"), max: new Date("2100-01-01") })
    .map((date) => date.toISOString()),
  fc.stringMatching(/^[a-z]{4,12}(_[a-z]{3,9}){0,3}$/),
  anyId,
);

/** An entry of a list, with fields and words that are known and others that are not, at any depth. */
export function upstreamEntry({ fields, values }: KnownWords): fc.Arbitrary<unknown> {
  const known = [...fields];
  const field = fc.oneof(
    fc.constantFrom(...known),
    fc.stringMatching(/^[a-zA-Z]{8,14}$/),
    fc.string({ maxLength: 12 }),
  );
  const word = fc.constantFrom(...[...values.values()].flatMap((words) => [...words]));
  const scalar = fc.oneof(
    anyText,
    anyText,
    word,
    fc.double({ noNaN: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      scalar,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(field, tie("tree"), { maxKeys: 6 }),
    ),
  }));
  const type = fc.oneof(
    fc.constantFrom(...(values.get("type") ?? [])),
    fc.stringMatching(/^[a-z]{8,12}\.[a-z]{8,12}$/),
  );
  const time = fc.date({ noInvalidDate: true, min: new Date(NOW - 5e9), max: new Date(NOW) });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        id: anyId,
        object: fc.constant("event"),
        type,
        createdAt: time.map((one) => one.toISOString()),
        data: tree,
      }),
    },
    { weight: 1, arbitrary: tree },
  );
}
