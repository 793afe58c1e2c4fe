import { paging, takePage } from "../page.ts";
import type { Route } from "../router.ts";

const BASE = "/websets/v0/websets/:webset/items";
const PAGE = { usual: 20, most: 100, recorded: "oldest-first" } as const;

export const itemRoutes: readonly Route[] = [
  {
    method: "GET",
    path: BASE,
    query: ["cursor", "limit", "sourceId"],
    run({ world, ids, query, listing }) {
      const cursors = { kind: "item", find: (id: string) => world.itemPlace(ids.webset, id) } as const;
      const { order, after, limit } = paging(query, PAGE, listing, cursors);
      const items = world.listItems(ids.webset, { order, after }, query.get("sourceId") ?? undefined);
      return takePage(items, limit, ({ item }) => item);
    },
  },
  { method: "GET", path: `${BASE}/:id`, run: ({ world, ids }) => world.getItem(ids.webset, ids.id) },
];
