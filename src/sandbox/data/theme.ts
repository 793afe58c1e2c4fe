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
