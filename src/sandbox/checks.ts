import { ApiError } from "./api-error.ts";

/** Looks at one value of a request body and gives it back typed, or throws an `ApiError` 422 that names the place. */
export type Check<T> = (value: unknown, at: string) => T;

export function text({ min = 0, max = Infinity } = {}): Check<string> {
  return (value, at) => {
    if (typeof value !== "string") return wrong(at, "must be a string");
    if (value.length < min) return wrong(at, `must be at least ${min} characters long`);
    if (value.length > max) return wrong(at, `must be at most ${max} characters long`);
    return value;
  };
}

export function wholeNumber(min: number, max: number): Check<number> {
  return (value, at) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? value
      : wrong(at, `must be a whole number from ${min} to ${max}`);
}

export const truth: Check<boolean> = (value, at) =>
  typeof value === "boolean" ? value : wrong(at, "must be a boolean");

export function oneOf<T extends string>(values: readonly T[]): Check<T> {
  return (value, at) => values.find((one) => one === value) ?? wrong(at, `must be one of: ${values.join(", ")}`);
}

export function listOf<T>(element: Check<T>, { min = 0, max = Infinity } = {}): Check<T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return wrong(at, "must be an array");
    if (value.length < min) return wrong(at, `must have at least ${min} elements`);
    if (value.length > max) return wrong(at, `must have at most ${max} elements`);
    return value.map((one, index) => element(one, `${at}.${index}`));
  };
}

export function recordOf<T>(element: Check<T>): Check<Record<string, T>> {
  return (value, at) =>
    Object.fromEntries(Object.entries(objectAt(value, at)).map(([key, one]) => [key, element(one, `${at}.${key}`)]));
}

export function nullOr<T>(check: Check<T>): Check<T | null> {
  return (value, at) => (value === null ? null : check(value, at));
}

type Checks<T> = { [Key in keyof T]: Check<T[Key]> };

/** An object with these fields. Others are left out, as the API is not known to refuse them. */
export function fields<R, O>(required: Checks<R>, optional: Checks<O>): Check<R & Partial<O>> {
  return (value, at) => {
    const given = objectAt(value, at);
    const checked: Record<string, unknown> = {};
    for (const [key, check] of Object.entries<Check<unknown>>(required))
      checked[key] = check(given[key], below(at, key));
    for (const [key, check] of Object.entries<Check<unknown>>(optional)) {
      if (given[key] !== undefined) checked[key] = check(given[key], below(at, key));
    }
    return checked as R & Partial<O>;
  };
}

export function wrong(at: string, what: string): never {
  throw new ApiError(422, `${at === "" ? "body" : at} ${what}`);
}

function objectAt(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong(at, "must be an object");
  return value as Record<string, unknown>;
}

function below(at: string, key: string): string {
  return at === "" ? key : `${at}.${key}`;
}
