import { enrichmentBody } from "../body-checks.ts";
import type { Route } from "../router.ts";

const BASE = "/websets/v0/websets/:webset/enrichments";

export const enrichmentRoutes: readonly Route[] = [
  {
    method: "POST",
    path: BASE,
    run: ({ world, ids, body }) => world.createEnrichment(ids.webset, enrichmentBody(body(), "")),
  },
  { method: "GET", path: `${BASE}/:id`, run: ({ world, ids }) => world.getEnrichment(ids.webset, ids.id) },
];
