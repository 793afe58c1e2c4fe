import { at, CRITERION, QUERY, SEARCH_ID, WEBSET_ID } from "./story.ts";

const PROGRESS = {
  created: { found: 0, analyzed: 0, completion: 0, timeLeft: null },
  running: { found: 18, analyzed: 60, completion: 36, timeLeft: 55 },
  completed: { found: 50, analyzed: 170, completion: 100, timeLeft: 0 },
  canceled: { found: 18, analyzed: 60, completion: 36, timeLeft: null },
};

export type SearchMoment = keyof typeof PROGRESS;

/** The search of the story at a moment of its life. */
export function exampleSearch(status: SearchMoment, updatedAt: string) {
  const canceled = status === "canceled";
  return {
    id: SEARCH_ID,
    object: "webset_search",
    status,
    websetId: WEBSET_ID,
    query: QUERY,
    entity: { type: "company" },
    criteria: [{ description: CRITERION, successRate: status === "created" ? 0 : 30 }],
    count: 50,
    behavior: "override",
    exclude: [],
    scope: [],
    progress: PROGRESS[status],
    recall: null,
    metadata: {},
    canceledAt: canceled ? updatedAt : null,
    canceledReason: canceled ? "webset_canceled" : null,
    createdAt: at(0),
    updatedAt,
  };
}
