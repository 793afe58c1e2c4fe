import { ENRICHMENT_STATUSES } from "./statuses.ts";
import {
  enrichmentFormat,
  fields,
  type JsonSchema,
  listOf,
  numberOrNull,
  oneOf,
  orNull,
  text,
  textOrNull,
  time,
  url,
  urlOrNull,
} from "./words.ts";

/** What was found, of one kind; its own fields stand under `name`. */
function kind(type: string, name: string, own: JsonSchema, page: Record<string, JsonSchema> = { content: textOrNull }) {
  return fields({ type: { const: type }, url, description: text, ...page, [name]: own });
}

const publication = fields({ title: textOrNull, author: textOrNull, publishedAt: textOrNull });

const company = fields({
  name: text,
  location: textOrNull,
  employees: numberOrNull,
  industry: textOrNull,
  about: textOrNull,
  logoUrl: urlOrNull,
});

const person = fields({
  name: text,
  location: textOrNull,
  position: textOrNull,
  company: orNull(fields({ name: text, location: textOrNull })),
  pictureUrl: urlOrNull,
});

const references = listOf(fields({ title: textOrNull, snippet: textOrNull, url }));

const evaluation = fields({ criterion: text, reasoning: text, satisfied: oneOf("yes", "no", "unclear"), references }, [
  "references",
]);

const enrichmentResult = fields({
  object: { const: "enrichment_result" },
  status: oneOf(...ENRICHMENT_STATUSES),
  format: enrichmentFormat,
  result: orNull(listOf(text)),
  reasoning: textOrNull,
  references,
  enrichmentId: text,
});

/** An item as it was at the moment of the event, with the text of its page. */
export const itemSchema = fields({
  id: text,
  object: { const: "webset_item" },
  source: oneOf("search", "import"),
  sourceId: { ...text, description: "The id of the search or import it came from" },
  websetId: text,
  properties: {
    oneOf: [
      kind("company", "company", company),
      kind("person", "person", person, {}),
      kind("article", "article", publication),
      kind("research_paper", "researchPaper", publication),
      kind("custom", "custom", publication),
    ],
  },
  evaluations: listOf(evaluation),
  enrichments: orNull(listOf(enrichmentResult)),
  createdAt: time,
  updatedAt: time,
});
