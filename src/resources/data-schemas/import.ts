import { IMPORT_STATUSES } from "./statuses.ts";
import {
  entity,
  fields,
  metadata,
  number,
  oneOf,
  oneOfOrNull,
  orNull,
  text,
  textOrNull,
  time,
  timeOrNull,
} from "./words.ts";

/** An import as it was at the moment of the event. It names no Webset: Websets list their imports. */
export const importSchema = fields({
  id: text,
  object: { const: "import" },
  status: oneOf(...IMPORT_STATUSES),
  format: oneOf("csv", "webset"),
  entity: orNull(entity),
  title: text,
  count: { ...number, description: "Its number of entities" },
  metadata,
  failedReason: oneOfOrNull("invalid_format", "invalid_file_content", "missing_identifier"),
  failedAt: timeOrNull,
  failedMessage: textOrNull,
  createdAt: time,
  updatedAt: time,
});
