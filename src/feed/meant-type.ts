import { distance } from "fastest-levenshtein";
import { compactTypes, EVENT_TYPES } from "../exa/event-types.ts";
import { WebsetsError } from "../shared/errors.ts";
import { unknownAmong } from "./filter.ts";

const TYPES = EVENT_TYPES.map(({ type }) => type as string);

/** Every beginning of a type that ends at a point, with a star. */
const PREFIXES = [
  ...new Set(TYPES.flatMap((type) => [...type.matchAll(/\./g)].map(({ index }) => `${type.slice(0, index)}.*`))),
];

const FINISHED = ["finished", "done", "ended", "ready", "succeeded", "success"];
const STARTED = ["started", "begun", "added", "new"];
const FAILED = ["failed", "failure", "error", "canceled", "aborted", "stopped"];

/** What else the last word of a type is called. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  "webset.idle": [...FINISHED, "completed", "finish"],
  "webset.search.created": STARTED,
  "webset.search.updated": ["progress"],
  "webset.search.completed": FINISHED,
  "webset.search.canceled": FAILED,
  "webset.item.created": [...STARTED, "found"],
  "webset.item.enriched": ["enrichment", "updated", "completed", ...FINISHED],
  "webset.export.created": STARTED,
  "webset.export.completed": FINISHED,
  "import.created": STARTED,
  "import.completed": [...FINISHED, ...FAILED],
  "monitor.run.created": STARTED,
  "monitor.run.completed": [...FINISHED, ...FAILED],
};

/** What stands for all types where somebody does not know of the star. */
const EVERYTHING = /^(?:\*+|all|any|every(?:thing)?|events?)$/i;

/** Whose end is told by one type, however it ended. */
const HIDE_FAILURES: ReadonlySet<string> = new Set(["import.completed", "monitor.run.completed"]);

/** Most types begin with it, and people put it before others. */
const COMMON = "webset";
const COMMON_WEIGHT = 0.3;

/** Refuses texts of which one is no type: an `invalid_request` that names the types meant. */
export function requireTypes(texts: readonly string[]): void {
  const unknown = unknownAmong(texts);
  if (unknown !== undefined) throw unknownType(unknown, texts);
}

/** An `invalid_request` that names the type, or the types, that somebody meant who wrote a name that is none, as one of `all`. */
export function unknownType(text: string, all: readonly string[] = [text]): WebsetsError {
  const shown = text.slice(0, 80);
  const { meant, why, problems = false } = meantBy(shown);
  // Of many nobody needs to be told those that were right.
  const others = all.length > MOST_TOLD ? [text] : all;
  const right = [...new Set(others.flatMap((one) => (one === text ? meant : one.slice(0, 80))))];
  // Where nobody can tell what one was to mean, the others alone would be another question.
  const types = right.length === 0 || why === "" ? [] : [`types ${JSON.stringify(right)}`];
  const instead = [...types, ...(problems ? ["problems true"] : [])].join(" and ");
  return new WebsetsError("invalid_request", {
    what: `There is no event type ${JSON.stringify(shown)}${why}`,
    ...(instead === "" ? {} : { instead }),
    advice: `The types are ${compactTypes()}; any prefix with a star such as webset.item.* matches every type under it.`,
  });
}

interface Meant {
  /** Types, or one prefix with a star. */
  meant: readonly string[];
  /** How the sentence that there is no such type goes on; empty where nothing tells what was meant. */
  why: string;
  /** Whether only what went wrong is wanted of them. */
  problems?: boolean;
}

function meantBy(text: string): Meant {
  if (EVERYTHING.test(text)) return { meant: ["*"], why: "; did you mean *, which is all of them?" };
  const last = lastWord(text);
  const isFailure = FAILED.some((word) => alike(word, last) > 0.6);
  const ends = endsMeantBy(text);
  if (ends.length > 0)
    return { meant: ends, why: `: a star stands at the end alone; did you mean ${ends.join(", ")}?` };
  if (text.startsWith("*") && isFailure) {
    return { meant: [], problems: true, why: ": problems true alone brings whatever went wrong" };
  }
  if (FAILED.includes(last)) {
    const group = nearest(`${wordsOf(text).slice(0, -1).join(".")}.*`, PREFIXES)?.slice(0, -1);
    const own = TYPES.filter((type) => group !== undefined && type.startsWith(group));
    if (own.length > 0 && !own.some((type) => ALSO[type]?.includes(last))) {
      return { meant: own, why: `, and no other that tells of a failure there: there are ${own.join(", ")}` };
    }
  }
  const meant = nearest(text, text.endsWith("*") || GROUP.test(last) ? PREFIXES : TYPES);
  if (meant === undefined) return { meant: [], why: "" };
  if (!isFailure || !HIDE_FAILURES.has(meant)) return { meant: [meant], why: `; did you mean ${meant}?` };
  const hidden = 'with the status "failed" or "canceled" in its data (problems: true brings only such)';
  return { meant: [meant], problems: true, why: `; did you mean ${meant} ${hidden}?` };
}

/** The last words of the names of groups, also of more than one. */
const GROUP = /^(?:webset|search|item|export|import|monitor|run)(?:s|es)?$/;

/** The types that a text stands for that has a star elsewhere than at its end, as `*.completed`. */
function endsMeantBy(text: string): string[] {
  const parts = text.toLowerCase().split("*");
  if (parts.length === 1 || parts.at(-1) === "") return [];
  return TYPES.filter((type) => {
    let at = 0;
    for (const part of parts) {
      const found = type.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return type.startsWith(parts[0] as string) && type.endsWith(parts.at(-1) as string);
  });
}

/** The one of some names that shares most words with a text; undefined where none shares more than what most begin with. */
function nearest(text: string, names: readonly string[]): string | undefined {
  const words = wordsOf(text);
  const scored = names.map((name) => ({
    name,
    // A slip of one letter may join two words.
    score: distance(text.toLowerCase(), name) <= 1 ? MOST_LIKE : likeness(words, name),
    distance: distance(text.toLowerCase(), name),
  }));
  const [best] = scored.sort((a, b) => b.score - a.score || a.distance - b.distance);
  return best === undefined || best.score < LEAST_LIKE ? undefined : best.name;
}

const MOST_LIKE = 2;
/** More than two names have in common that share no more than `COMMON`. */
const LEAST_LIKE = 0.6;
const MOST_TOLD = 5;

/** How much of each side's words the other has, 0 to `MOST_LIKE`. */
function likeness(words: readonly string[], name: string): number {
  const own = wordsOf(name).map((word, index, all) => [word, ...(index === all.length - 1 ? (ALSO[name] ?? []) : [])]);
  const best = (word: string, others: readonly string[]) => Math.max(0, ...others.map((other) => alike(word, other)));
  const share = (parts: readonly (readonly string[])[], others: readonly string[]) => {
    const weights = parts.map(([word]) => (word === COMMON ? COMMON_WEIGHT : 1));
    const shared = parts.map(
      (part, n) => (weights[n] as number) * Math.max(0, ...part.map((word) => best(word, others))),
    );
    return sum(shared) / Math.max(1, sum(weights));
  };
  return (
    share(
      words.map((word) => [word]),
      own.flat(),
    ) + share(own, words)
  );
}

/** 1 for the same word, less for a misspelling of it, and 0 for another. */
export function alike(one: string, other: string): number {
  const share = 1 - distance(one, other) / Math.max(one.length, other.length);
  return share > 0.45 ? share : 0;
}

function wordsOf(text: string): string[] {
  return text.match(/[A-Z]?[a-z0-9]+|[A-Z0-9]+/g)?.map((word) => word.toLowerCase()) ?? [];
}

function lastWord(text: string): string {
  return wordsOf(text).at(-1) ?? "";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
