import { WebsetsError } from "../shared/errors.ts";

const LONGEST_ID = 300;

/**
 * Encodes an id for exactly one segment of a path. Throws `invalid_request`, naming the parameter, for what could leave that
 * segment or be no id: empty, `.` or `..`, slashes, control characters, half surrogate pairs, more than 300 characters.
 */
export function pathSegment(parameter: string, id: string): string {
  const problem = problemOf(id);
  if (problem !== undefined) {
    throw new WebsetsError("invalid_request", {
      what: `${parameter} ${problem}`,
      advice: `Pass ${parameter} exactly as the API or an earlier result gave it.`,
    });
  }
  return encodeURIComponent(id);
}

function problemOf(id: string): string | undefined {
  if (id.trim() === "") return "is empty";
  if (id.length > LONGEST_ID) return `is longer than ${LONGEST_ID} characters`;
  if (id === "." || id === "..") return `is "${id}", which is no id`;
  if (/[/\\]/.test(id)) return "contains a slash";
  if (/\p{Cs}/u.test(id)) return "contains half of a surrogate pair, which is no character";
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(id)) return "contains a control character";
  return undefined;
}
