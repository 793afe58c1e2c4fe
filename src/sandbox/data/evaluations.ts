import type { Random } from "../random.ts";
import type { Evaluation, ItemProperties, Reference } from "../resources.ts";
import { nameOf } from "./items.ts";

/** The reasoning that let an item pass: every criterion satisfied, each with its references. */
export function inventEvaluations(
  criteria: readonly string[],
  properties: ItemProperties,
  random: Random,
): Evaluation[] {
  const name = nameOf(properties);
  return criteria.map((criterion) => ({
    criterion,
    reasoning: random.pick([
      `${name} states this on its own page, and nothing found elsewhere speaks against it.`,
      `The page describes ${name} in terms that meet the criterion; two passages confirm it.`,
      `According to the profile of ${name}, the criterion is met.`,
    ]),
    satisfied: "yes",
    references: Array.from({ length: random.integer(10, 13) }, () => inventReferences(properties, random)).flat(),
  }));
}

export function inventReferences(properties: ItemProperties, random: Random): Reference[] {
  const own: Reference = { title: nameOf(properties), snippet: properties.description, url: properties.url };
  if (random.chance(0.6)) return [own];
  const listing: Reference = {
    title: random.chance(0.8) ? `${nameOf(properties)} in the public register` : null,
    snippet: random.chance(0.8) ? `Entry ${random.integer(1_000, 99_999)}, last checked this year.` : null,
    url: `https://register.example/entries/${random.integer(1_000, 99_999)}`,
  };
  return [own, listing];
}
