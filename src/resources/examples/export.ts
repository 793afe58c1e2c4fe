import { WEBSET_ID } from "./story.ts";

/** The export of the story, begun or ready. */
export function exampleExport(status: "pending" | "completed") {
  return {
    id: "exp_example",
    status,
    websetId: WEBSET_ID,
    downloadUrl: status === "completed" ? "https://downloads.example/exp_example.csv" : null,
  };
}
