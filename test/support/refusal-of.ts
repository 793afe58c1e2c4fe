import type { WebsetsError } from "../../src/shared/errors.ts";

/** The error that something is refused with. */
export function refusalOf(action: () => unknown): Pick<WebsetsError, "kind" | "message" | "advice" | "instead"> {
  try {
    action();
  } catch (error) {
    return error as WebsetsError;
  }
  throw new Error("nothing was refused");
}
