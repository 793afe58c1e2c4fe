import { exportBody, read } from "../bodies.ts";
import type { Route } from "../router.ts";

const BASE = "/websets/v0/websets/:webset/exports";

/** In Exa's documentation, but not in its OpenAPI file. */
export const exportRoutes: readonly Route[] = [
  {
    method: "POST",
    path: BASE,
    run: ({ world, ids, body }) => world.createExport(ids.webset, read(exportBody, body())),
  },
  { method: "GET", path: `${BASE}/:id`, run: ({ world, ids }) => world.getExport(ids.webset, ids.id) },
];
