/** What JSON values look like, place by place; within a resource, places count from it: `webset_search.progress.found`. */
export type Shapes = Map<string, Set<string>>;

/** The forms of texts that a program may go by; the first that fits counts. */
const FORMS: readonly [name: string, form: RegExp][] = [
  ["time", /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/],
  ["URL", /^https?:\/\//],
  ["ULID", /^[0-7][0-9a-hjkmnp-tv-z]{25}$/],
  ["request id", /^[0-9a-z]{32}$/],
];
const ID = /^([a-z]+)_(?:([0-7][0-9a-hjkmnp-tv-z]{25})|c[0-9a-z]{24})$/;

/** Places whose texts are a vocabulary: there each word is a form of its own. */
const WORDS = /(^|\.)(object|status|canceledReason|format|behavior|source|satisfied|failedReason|type)$/;

/** Adds what `value` looks like to `shapes`. */
export function addShapes(shapes: Shapes, value: unknown, place = ""): Shapes {
  const here = shapes.get(place) ?? new Set();
  shapes.set(place, here);
  here.add(formOf(value, place));
  if (Array.isArray(value)) {
    for (const element of value) addShapes(shapes, element, `${place}[]`);
  } else if (typeof value === "object" && value !== null) {
    const resource = "object" in value ? String(value.object) : place;
    for (const [key, field] of Object.entries(value)) {
      addShapes(shapes, field, resource === "" ? key : `${resource}.${key}`);
    }
  }
  return shapes;
}

function formOf(value: unknown, place: string): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "empty list" : "list";
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "string") return typeof value;
  if (WORDS.test(place)) return `"${value}"`;
  const id = ID.exec(value);
  if (id !== null) return `${id[1]}_${id[2] === undefined ? "cuid" : "ULID"}`;
  return FORMS.find(([, form]) => form.test(value))?.[0] ?? "text";
}

/** Whether something above a place is null or empty throughout, so that nothing can stand there. */
export function isBelowNothing(shapes: Shapes, place: string): boolean {
  for (
    let end = place.length;
    end > 0;
    end = Math.max(place.lastIndexOf(".", end - 1), place.lastIndexOf("[]", end - 1))
  ) {
    const forms = shapes.get(place.slice(0, end));
    if (forms !== undefined) return [...forms].every((form) => form === "null" || form === "empty list");
  }
  return false;
}
