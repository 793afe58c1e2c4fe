/** The most bytes that a result may have: hosts cut at 25,000 tokens, and what stands behind the cut is lost. */
export const MOST_RESULT_BYTES = 40_000;

/** No resource of the API lies this deep; JSON.stringify gives up at some thousands. */
const DEEPEST = 64;
/** How much is left of what is too large: first what nobody misses, at last hardly more than ids. */
const STEPS = [
  { text: 2_000, entries: 200, depth: 12 },
  { text: 1_000, entries: 100, depth: 12 },
  { text: 500, entries: 50, depth: 10 },
  { text: 200, entries: 20, depth: 8 },
  { text: 100, entries: 10, depth: 6 },
  { text: 60, entries: 4, depth: 4 },
];

export interface Limits {
  /** The longest text, in characters. */
  text: number;
  /** The most entries of a list, and fields of an object. */
  entries: number;
  /** How many levels are kept. */
  depth: number;
}

/**
 * What is kept of the API's resources: page text runs to hundreds of kilobytes, and no documented resource is nearly as deep. An agent
 * that needs it whole reads the resource.
 */
export const KEPT: Limits = { text: 2_000, entries: Number.POSITIVE_INFINITY, depth: 12 };

/** What is kept by a program that hands the resources on as they are. */
export const WHOLE: Limits = { text: Number.POSITIVE_INFINITY, entries: Number.POSITIVE_INFINITY, depth: DEEPEST };

/** How many bytes a value takes in a result: as text within the JSON of a message, which is longer than the value's own JSON. */
export function resultBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(value)));
}

/** The value, if it takes at most this many bytes; or else a copy in which long texts, long lists and what lies deep are cut and marked. */
export function withinBytes<T>(value: T, most: number): T {
  const shallow = withoutDepths(value);
  if (most === Number.POSITIVE_INFINITY || resultBytes(shallow) <= most) return shallow;
  for (const step of STEPS) {
    const copy = cutTo(shallow, step);
    if (resultBytes(copy) <= most) return copy as T;
  }
  return mark("", "too large to be shown") as T;
}

/** The value, without what lies so deep that it cannot be written as JSON. */
export function withoutDepths<T>(value: T): T {
  return isDeeperThan(value, DEEPEST) ? (cutTo(value, WHOLE) as T) : value;
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((one) => isDeeperThan(one, depth - 1));
}

/** A copy of a JSON value in which nothing is longer or deeper than that; what was is marked. It holds nothing of the original. */
export function cutTo(value: unknown, limits: Limits): unknown {
  if (typeof value === "string") return cutText(value, limits.text);
  if (typeof value !== "object" || value === null) return value;
  if (limits.depth === 0) return mark("", "nested deeper");
  const { entries } = limits;
  const inner = { ...limits, depth: limits.depth - 1 };
  if (Array.isArray(value)) {
    const kept = value.slice(0, entries).map((one) => cutTo(one, inner));
    return value.length > entries ? [...kept, mark("", `${value.length} entries in all`)] : kept;
  }
  const fields = Object.entries(value);
  const kept = fields.slice(0, entries).map(([key, one]) => [cutText(key, limits.text), cutTo(one, inner)]);
  if (fields.length > entries) kept.push(["…", mark("", `${fields.length} fields in all`)]);
  return Object.fromEntries(kept);
}

const MARK = /… \[cut: (\d+) characters in all\]$/;

/** The beginning of a text that is longer than this many characters, with how long it was before any cut. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  const [cut, length = text.length] = MARK.exec(text) ?? [""];
  if (text.length - cut.length <= most) return text;
  // A slice of a string keeps the whole string alive in V8; going through a buffer makes a real copy.
  const head = Buffer.from(text.slice(0, most), "utf16le").toString("utf16le");
  return mark(head.replace(/[\uD800-\uDBFF]$/, ""), `${length} characters in all`);
}

function mark(before: string, what: string): string {
  return `${before}… [cut: ${what}]`;
}
