import { exampleSearch, type SearchMoment } from "./search.ts";
import { at, ENRICHMENT_ID, WEBSET_ID } from "./story.ts";

/** The Webset of the story at a moment of its life. */
export function exampleWebset(status: "running" | "paused" | "idle", search: SearchMoment, updatedAt: string) {
  return {
    id: WEBSET_ID,
    object: "webset",
    status,
    externalId: "robots-2026",
    title: "European warehouse robots",
    searches: [exampleSearch(search, updatedAt)],
    imports: [],
    enrichments: [
      {
        id: ENRICHMENT_ID,
        object: "webset_enrichment",
        status: status === "idle" ? "completed" : "pending",
        websetId: WEBSET_ID,
        title: "Sales email",
        description: "Contact email for sales",
        format: "email",
        options: null,
        instructions: "Find the email address at which the company answers customers.",
        metadata: {},
        createdAt: at(0),
        updatedAt,
      },
    ],
    monitors: [],
    excludes: [],
    metadata: {},
    createdAt: at(0),
    updatedAt,
  };
}
