/**
 * A deep copy of a JSON value that shares its texts with the original. `structuredClone` would copy them too, and page
 * text is what nearly all of a Webset's bytes are.
 */
export function snapshot<T>(value: T): T {
  if (Array.isArray(value)) return value.map((element) => snapshot(element)) as T;
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) copy[key] = snapshot(field);
  return copy as T;
}
