import { read, websetBody, websetUpdateBody } from "../bodies.ts";
import { expandsItems, paging, searchTerm, takePage } from "../page.ts";
import type { Route } from "../router.ts";

const BASE = "/websets/v0/websets";
const PAGE = { usual: 25, most: 100, recorded: "newest-first" } as const;

export const websetRoutes: readonly Route[] = [
  {
    method: "POST",
    path: BASE,
    status: 201,
    run: ({ world, body }) => world.createWebset(read(websetBody, body())),
  },
  {
    method: "GET",
    path: BASE,
    query: ["cursor", "limit", "search"],
    run({ world, query, listing }) {
      const cursors = { kind: "webset", find: (id: string) => world.websetPlace(id) } as const;
      const { order, after, limit } = paging(query, PAGE, listing, cursors);
      return takePage(world.listWebsets({ order, after }, searchTerm(query)), limit, ({ webset }) => webset);
    },
  },
  {
    method: "GET",
    path: `${BASE}/:id`,
    query: ["expand"],
    run({ world, ids, query }) {
      const expand = expandsItems(query);
      const webset = world.getWebset(ids.id);
      if (!expand) return { ...webset, items: [] };
      const items = [...world.listItems(webset.id, { order: "oldest-first" })].map(({ item }) => item);
      return { ...webset, items };
    },
  },
  {
    method: "POST",
    path: `${BASE}/:id`,
    run({ world, ids, body }) {
      const { metadata } = read(websetUpdateBody, body());
      return metadata === undefined ? world.getWebset(ids.id) : world.updateWebset(ids.id, metadata);
    },
  },
  { method: "POST", path: `${BASE}/:id/cancel`, run: ({ world, ids }) => world.cancelWebset(ids.id) },
  { method: "DELETE", path: `${BASE}/:id`, run: ({ world, ids }) => world.deleteWebset(ids.id) },
];
