import { read, searchBody } from "../bodies.ts";
import type { Route } from "../router.ts";

const BASE = "/websets/v0/websets/:webset/searches";

export const searchRoutes: readonly Route[] = [
  {
    method: "POST",
    path: BASE,
    status: 201,
    run: ({ world, ids, body }) => world.createSearch(ids.webset, read(searchBody, body())),
  },
  { method: "GET", path: `${BASE}/:id`, run: ({ world, ids }) => world.getSearch(ids.webset, ids.id) },
  { method: "POST", path: `${BASE}/:id/cancel`, run: ({ world, ids }) => world.cancelSearch(ids.webset, ids.id) },
];
