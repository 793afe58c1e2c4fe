import type { Entity } from "../resources.ts";
import { PLACES, SUBJECTS, type Subject } from "./vocabulary.ts";

/** What a search's results have in common, as far as its words say. */
export interface Theme {
  subjects: readonly [string, ...string[]];
  places: readonly [string, ...string[]];
}

const REGIONS: readonly (readonly [RegExp, RegExp])[] = [
  [
    /\b(europe|european|eu)\b/i,
    /Austria|Denmark|Estonia|Finland|France|Germany|Ireland|Italy|Netherlands|Poland|Portugal|Spain|Sweden|Switzerland|United Kingdom/,
  ],
  [/\b(united states|us|usa|american?)\b/i, /United States/],
  [/\b(canada|canadian)\b/i, /Canada/],
  [/\bgerman(y)?\b/i, /Germany/],
  [/\b(france|french)\b/i, /France/],
  [/\b(uk|united kingdom|britain|british)\b/i, /United Kingdom/],
  [/\b(asia|asian)\b/i, /Japan|Singapore/],
];

/** Words of the query that name a subject or a region narrow down what is found; without any, everything is. */
export function themeOf(text: string): Theme {
  const stems = new Set(
    text
      .toLowerCase()
      .match(/[a-z]{5,}/g)
      ?.map(stem),
  );
  const subjects = Object.keys(SUBJECTS).filter((subject) =>
    subject.split(/[\s-]/).some((word) => stems.has(stem(word))),
  );
  const region = REGIONS.find(([words]) => words.test(text))?.[1];
  const places = PLACES.filter((place) => region === undefined || region.test(place));
  return { subjects: filled(subjects, Object.keys(SUBJECTS)), places: filled(places, PLACES) };
}

export function industryOf(subject: string): string {
  return SUBJECTS[subject as Subject];
}

/** So that "robots" finds "robot" and "recycling" finds "recycled". */
function stem(word: string): string {
  return word.slice(0, 6).replace(/s$/, "");
}

function filled(some: readonly string[], all: readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = some.length > 0 ? some : all;
  return [first ?? "", ...others];
}

/**
 * What the API finds out from a query by itself, guessed here from its words: what kind of thing is looked for, what each
 * result is checked against, and what to call it all.
 */

const ENTITY_WORDS: readonly (readonly [Exclude<Entity["type"], "custom">, RegExp])[] = [
  ["research_paper", /\b(papers?|preprints?|publications?|stud(y|ies))\b/i],
  [
    "person",
    /\b(people|persons?|engineers?|founders?|researchers?|scientists?|executives?|ceos?|ctos?|managers?|designers?|experts?)\b/i,
  ],
  ["article", /\b(articles?|news|blogs?|posts?|reports?|coverage|interviews?)\b/i],
];

export function guessEntity(query: string): Entity {
  // The earliest word decides: "companies whose founders …" looks for companies only because nothing before it says otherwise.
  const company = query.search(
    /\b(compan(y|ies)|startups?|start-ups?|agenc(y|ies)|firms?|vendors?|suppliers?|businesses)\b/i,
  );
  let best: Entity = { type: "company" };
  let bestAt = company === -1 ? Infinity : company;
  for (const [type, words] of ENTITY_WORDS) {
    const at = query.search(words);
    if (at !== -1 && at < bestAt) {
      best = { type };
      bestAt = at;
    }
  }
  return best;
}

const MOST_CRITERIA = 4;

export function guessCriteria(query: string): string[] {
  const parts = query
    .split(/[,.;]\s+|\s+(?:that|which|who)\s+/)
    .map((part) => part.replace(/^(?:and|that|which|who)\s+/i, "").replace(/[\s.,;]+$/, ""))
    .filter((part) => part.length > 2)
    .map((part) => (part.charAt(0).toUpperCase() + part.slice(1)).slice(0, 1000));
  return parts.length === 0 ? [query.slice(0, 1000)] : parts.slice(0, MOST_CRITERIA);
}

const LONGEST_TITLE = 70;

export function guessTitle(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const short = line.length <= LONGEST_TITLE ? line : `${line.slice(0, LONGEST_TITLE).replace(/\s+\S*$/, "")}…`;
  return short.charAt(0).toUpperCase() + short.slice(1);
}
