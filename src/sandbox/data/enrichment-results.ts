import type { Random } from "../random.ts";
import type { EnrichmentFormat, ItemProperties, WebsetEnrichment } from "../resources.ts";
import { nameOf } from "./items.ts";
import { ADJECTIVES, companyName, host, METHODS, PLACES, personName, slug } from "./vocabulary.ts";

const FORMAT_WORDS: readonly (readonly [EnrichmentFormat, RegExp])[] = [
  ["email", /\be-?mails?\b/i],
  ["phone", /\b(phone|telephone|mobile) ?(number)?\b/i],
  ["url", /\b(urls?|websites?|links?|home ?pages?|profiles?)\b/i],
  ["date", /\b(dates?|when|founded in|founding year)\b/i],
  ["number", /\b(numbers?|how many|count|amount|revenue|headcount|employees|size)\b/i],
];

/** What the API chooses by itself when an enrichment names no format. */
export function guessFormat(description: string, hasOptions: boolean): EnrichmentFormat {
  if (hasOptions) return "options";
  return FORMAT_WORDS.find(([, words]) => words.test(description))?.[0] ?? "text";
}

/** Some things cannot be found: those results are null, as in the API. */
const NOTHING_FOUND_CHANCE = 0.04;

/** The values an enrichment found for an item, as texts of its format; null where it found none. */
export function inventResult(
  enrichment: Pick<WebsetEnrichment, "format" | "options">,
  properties: ItemProperties,
  random: Random,
): string[] | null {
  if (random.chance(NOTHING_FOUND_CHANCE)) return null;
  switch (enrichment.format ?? "text") {
    case "email":
      return [`${mailName(properties, random)}@${host(organization(properties, random))}`];
    case "phone":
      // 555-0100 to 555-0199 are set aside for fiction.
      return [
        `+1 ${random.pick(["212", "312", "415", "617"])} 555 01${String(random.integer(0, 99)).padStart(2, "0")}`,
      ];
    case "url":
      return [`https://www.${host(organization(properties, random))}/about`];
    case "date":
      return [`${random.integer(2016, 2024)}-${twoDigits(random, 12)}-${twoDigits(random, 28)}`];
    case "number":
      return [String(random.chance(0.5) ? random.integer(3, 950) : random.integer(2, 400) * 1_000)];
    case "options":
      return options(enrichment, random);
    case "text":
      return [
        `${nameOf(properties)} is active mostly in ${random.pick(PLACES)} and known for ${random.pick(ADJECTIVES)} work with ${random.pick(METHODS)}.`,
      ];
  }
}

function options({ options }: Pick<WebsetEnrichment, "options">, random: Random): string[] | null {
  const chosen = random.sample(options ?? [], random.chance(0.2) ? 2 : 1).map(({ label }) => label);
  return chosen.length === 0 ? null : chosen;
}

function organization(properties: ItemProperties, random: Random): string {
  if (properties.type === "company") return properties.company.name;
  if (properties.type === "person") return properties.person.company?.name ?? companyName(random);
  return companyName(random);
}

function mailName(properties: ItemProperties, random: Random): string {
  const name = properties.type === "person" ? properties.person.name : personName(random);
  return slug(name).replace("-", ".");
}

function twoDigits(random: Random, most: number): string {
  return String(random.integer(1, most)).padStart(2, "0");
}
