import { enrichmentBody, enrichmentUpdateBody, read } from "../bodies.ts";
import type { Route } from "../router.ts";

const BASE = "/websets/v0/websets/:webset/enrichments";

export const enrichmentRoutes: readonly Route[] = [
  {
    method: "POST",
    path: BASE,
    status: 201,
    run: ({ world, ids, body }) => world.createEnrichment(ids.webset, read(enrichmentBody, body())),
  },
  { method: "GET", path: `${BASE}/:id`, run: ({ world, ids }) => world.getEnrichment(ids.webset, ids.id) },
  {
    method: "PATCH",
    path: `${BASE}/:id`,
    run: ({ world, ids, body }) => world.updateEnrichment(ids.webset, ids.id, read(enrichmentUpdateBody, body())),
  },
  { method: "DELETE", path: `${BASE}/:id`, run: ({ world, ids }) => world.deleteEnrichment(ids.webset, ids.id) },
  { method: "POST", path: `${BASE}/:id/cancel`, run: ({ world, ids }) => world.cancelEnrichment(ids.webset, ids.id) },
];
