import { distance } from "fastest-levenshtein";
import { EVENT_TYPES, isKnownEventType } from "../exa/event-types.ts";
import { WebsetsError } from "../shared/errors.ts";

/** Which events a reader wants. Without `types` every type passes, also those this program does not know. */
export interface EventFilter {
  /** Exact type names, sorted, each once. */
  types?: readonly string[] | undefined;
  websetId?: string | undefined;
}

const KNOWN = EVENT_TYPES.map((facts) => facts.type);

/**
 * Turns what a caller wrote (`webset.item.created`, `monitor.*`) into exact type names, sorted, each once. Nothing and a
 * lone star mean every type, which is told as undefined. A text that matches no known type is an `invalid_request` that
 * names the nearest ones.
 */
export function parseTypes(texts: readonly string[] | undefined): readonly string[] | undefined {
  if (texts === undefined || texts.length === 0 || texts.includes("*")) return undefined;
  const types = new Set<string>();
  for (const text of texts) {
    const matches = text.endsWith("*") ? typesUnder(text.slice(0, -1)) : KNOWN.filter((type) => type === text);
    if (matches.length === 0) throw unknownType(text);
    for (const type of matches) types.add(type);
  }
  return [...types].sort();
}

/** A type the caller named, or an `invalid_request` that names the nearest ones. */
export function requireKnownType(text: string): string {
  if (!isKnownEventType(text)) throw unknownType(text);
  return text;
}

function typesUnder(prefix: string): string[] {
  const exact = prefix.endsWith(".") ? prefix : `${prefix}.`;
  return KNOWN.filter((type) => type.startsWith(exact) || type === prefix);
}

function unknownType(text: string): WebsetsError {
  const shown = text.slice(0, 80);
  const nearest = [...KNOWN].sort((a, b) => distance(shown, a) - distance(shown, b)).slice(0, 3);
  return new WebsetsError("invalid_request", {
    what: `There is no event type ${JSON.stringify(shown)}; did you mean ${nearest[0]}?`,
    advice: `Nearest: ${nearest.join(", ")}. A prefix with a star such as webset.item.* matches every type under it; the resource websets://event-types lists all ${KNOWN.length}.`,
  });
}
