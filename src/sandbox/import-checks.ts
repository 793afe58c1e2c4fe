import { entity, metadata } from "./body-checks.ts";
import { type Check, fields, oneOf, text, wholeNumber } from "./checks.ts";
import type { ImportParameters, ImportUpdate } from "./parameters.ts";
import { IMPORT_FAILURES } from "./resources.ts";

/** The request bodies of imports, with the limits of Exa's OpenAPI file. */

const MOST_BYTES = 50_000_000;

export const importBody: Check<ImportParameters> = fields(
  {
    format: oneOf(["csv"] as const),
    size: wholeNumber(0, MOST_BYTES),
    // More records than bytes there cannot be.
    count: wholeNumber(0, MOST_BYTES),
    entity,
  },
  {
    title: text(),
    csv: fields({}, { identifier: wholeNumber(0, Number.MAX_SAFE_INTEGER) }),
    metadata,
  },
);

export const importUpdateBody: Check<ImportUpdate> = fields({}, { title: text(), metadata });

/** Of the sandbox's own way to let an import fail. */
export const importFailureBody = fields({ reason: oneOf(IMPORT_FAILURES) }, {});
