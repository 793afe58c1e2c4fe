import type { Entity } from "../resources.ts";

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
