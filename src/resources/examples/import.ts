import { at } from "./story.ts";

/** The import of the story, begun or completed. */
export function exampleImport(status: "pending" | "completed", updatedAt: string) {
  return {
    id: "import_example",
    object: "import",
    status,
    format: "csv",
    entity: { type: "company" },
    title: "Known robot makers",
    count: 40,
    metadata: {},
    failedReason: null,
    failedAt: null,
    failedMessage: null,
    createdAt: at(5),
    updatedAt,
  };
}
