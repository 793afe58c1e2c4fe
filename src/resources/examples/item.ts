import { at, CRITERION, ENRICHMENT_ID, ITEM_ID, SEARCH_ID, WEBSET_ID } from "./story.ts";

const PAGE = "https://robots.example/products";
const REFERENCES = [{ title: "Products", snippet: "Our robots carry shelves to the picker.", url: PAGE }];

/** The item of the story, before or after its enrichment. */
export function exampleItem(enriched: boolean, updatedAt: string) {
  return {
    id: ITEM_ID,
    object: "webset_item",
    source: "search",
    sourceId: SEARCH_ID,
    websetId: WEBSET_ID,
    properties: {
      type: "company",
      url: "https://robots.example",
      description: "Robots that carry shelves in warehouses",
      content: "Our robots carry shelves to the picker. Founded in Utrecht in 2018.",
      company: {
        name: "Example Robots",
        location: "Utrecht, Netherlands",
        employees: 120,
        industry: "Robotics",
        about: "Maker of warehouse robots",
        logoUrl: null,
      },
    },
    evaluations: [
      { criterion: CRITERION, reasoning: "Its products page shows them.", satisfied: "yes", references: REFERENCES },
    ],
    enrichments: [
      {
        object: "enrichment_result",
        status: enriched ? "completed" : "pending",
        format: "email",
        result: enriched ? ["sales@robots.example"] : null,
        reasoning: enriched ? "Found on the contact page." : null,
        references: enriched ? REFERENCES : [],
        enrichmentId: ENRICHMENT_ID,
      },
    ],
    createdAt: at(0, 20),
    updatedAt,
  };
}
