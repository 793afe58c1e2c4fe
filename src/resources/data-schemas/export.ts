import { fields, oneOf, text } from "./words.ts";

/**
 * An export as it was at the moment of the event. It is in no OpenAPI file: Exa's documentation names its id, its status and,
 * when it is completed, a `downloadUrl`. Only what every export must have is required.
 */
export const exportSchema = {
  ...fields(
    { id: text, status: oneOf("pending", "completed"), websetId: text, downloadUrl: { type: ["string", "null"] } },
    ["websetId", "downloadUrl"],
  ),
  description: "Exa's OpenAPI file has no exports; there may be other fields",
};
