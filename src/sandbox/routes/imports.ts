import { importBody, importFailureBody, importUpdateBody, read } from "../bodies.ts";
import { paging, takePage } from "../page.ts";
import type { Route } from "../router.ts";
import { CONTROL_PATH } from "./control.ts";

const BASE = "/websets/v0/imports";
const PAGE = { usual: 25, most: 200, recorded: "newest-first" } as const;
const CONTROL = `${CONTROL_PATH}imports/:id`;

export const importRoutes: readonly Route[] = [
  {
    method: "POST",
    path: BASE,
    status: 201,
    run({ world, body, host }) {
      const created = world.imports.create(read(importBody, body()));
      // Without a socket there is nowhere to upload to.
      const base = host === "" ? "https://uploads.example/imports" : `http://${host}${CONTROL_PATH}imports`;
      const uploadUrl = `${base}/${created.id}/upload`;
      return { ...created, uploadUrl, uploadValidUntil: world.imports.uploadValidUntil(created) };
    },
  },
  {
    method: "GET",
    path: BASE,
    query: ["cursor", "limit"],
    run({ world, query, listing }) {
      const cursors = { kind: "import", find: (id: string) => world.imports.place(id) } as const;
      const { order, after, limit } = paging(query, PAGE, listing, cursors);
      const page = takePage(world.imports.list({ order, after }), limit, (entry) => entry.import);
      // As recorded: eight rows, which were all there were, and yet "more" without a cursor.
      return { ...page, hasMore: page.hasMore || page.data.length > 0 };
    },
  },
  { method: "GET", path: `${BASE}/:id`, run: ({ world, ids }) => world.imports.get(ids.id) },
  {
    method: "PATCH",
    path: `${BASE}/:id`,
    run: ({ world, ids, body }) => world.imports.update(ids.id, read(importUpdateBody, body())),
  },
  { method: "DELETE", path: `${BASE}/:id`, run: ({ world, ids }) => world.imports.delete(ids.id) },
  { method: "PUT", path: `${CONTROL}/upload`, run: ({ world, ids, text }) => world.imports.upload(ids.id, text) },
  {
    method: "POST",
    path: `${CONTROL}/fail`,
    run: ({ world, ids, body }) => world.imports.fail(ids.id, read(importFailureBody, body()).reason),
  },
];
