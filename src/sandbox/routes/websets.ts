import { websetBody, websetUpdateBody } from "../body-checks.ts";
import { takePage } from "../page.ts";
import { expandsItems, paging } from "../query-checks.ts";
import type { Route } from "../router.ts";

const BASE = "/websets/v0/websets";

export const websetRoutes: readonly Route[] = [
  {
    method: "POST",
    path: BASE,
    status: 201,
    run: ({ world, body }) => world.createWebset(websetBody(body(), "")),
  },
  {
    method: "GET",
    path: BASE,
    run({ world, query, listing }) {
      const { order, after, limit } = paging(query, { usual: 25, most: 100 }, listing);
      return takePage(world.listWebsets({ order, after }), limit, ({ webset }) => webset);
    },
  },
  {
    method: "GET",
    path: `${BASE}/:id`,
    run({ world, ids, query }) {
      const expand = expandsItems(query);
      const webset = world.getWebset(ids.id);
      if (!expand) return webset;
      const items = [...world.listItems(webset.id, { order: "oldest-first" })].map(({ item }) => item);
      return { ...webset, items };
    },
  },
  {
    method: "POST",
    path: `${BASE}/:id`,
    run({ world, ids, body }) {
      const { metadata } = websetUpdateBody(body(), "");
      return metadata === undefined ? world.getWebset(ids.id) : world.updateWebset(ids.id, metadata);
    },
  },
  { method: "POST", path: `${BASE}/:id/cancel`, run: ({ world, ids }) => world.cancelWebset(ids.id) },
  { method: "DELETE", path: `${BASE}/:id`, run: ({ world, ids }) => world.deleteWebset(ids.id) },
];
