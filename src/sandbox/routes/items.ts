import { takePage } from "../page.ts";
import { paging } from "../query-checks.ts";
import type { Route } from "../router.ts";

const BASE = "/websets/v0/websets/:webset/items";

export const itemRoutes: readonly Route[] = [
  {
    method: "GET",
    path: BASE,
    run({ world, ids, query, listing }) {
      const { order, after, limit } = paging(query, { usual: 20, most: 100 }, listing);
      const items = world.listItems(ids.webset, { order, after }, query.get("sourceId") ?? undefined);
      return takePage(items, limit, ({ item }) => item);
    },
  },
  { method: "GET", path: `${BASE}/:id`, run: ({ world, ids }) => world.getItem(ids.webset, ids.id) },
];
