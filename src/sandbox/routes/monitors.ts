import { monitorBody, monitorUpdateBody, read, triggerBody } from "../bodies.ts";
import { paging, takePage } from "../page.ts";
import type { Route } from "../router.ts";
import { CONTROL_PATH } from "./control.ts";

const BASE = "/websets/v0/monitors";
const PAGE = { usual: 25, most: 200 };

export const monitorRoutes: readonly Route[] = [
  {
    method: "POST",
    path: BASE,
    status: 201,
    run: ({ world, body }) => world.monitors.create(read(monitorBody, body())),
  },
  {
    method: "GET",
    path: BASE,
    query: ["cursor", "limit", "websetId"],
    run({ world, query, listing }) {
      const cursors = { kind: "monitor", find: (id: string) => world.monitors.place(id) } as const;
      const { order, after, limit } = paging(query, PAGE, listing, cursors);
      const monitors = world.monitors.list({ order, after }, query.get("websetId") ?? undefined);
      return takePage(monitors, limit, ({ monitor }) => monitor);
    },
  },
  { method: "GET", path: `${BASE}/:id`, run: ({ world, ids }) => world.monitors.get(ids.id) },
  {
    method: "PATCH",
    path: `${BASE}/:id`,
    run: ({ world, ids, body }) => world.monitors.update(ids.id, read(monitorUpdateBody, body())),
  },
  { method: "DELETE", path: `${BASE}/:id`, run: ({ world, ids }) => world.monitors.delete(ids.id) },
  {
    method: "GET",
    path: `${BASE}/:monitor/runs`,
    query: ["cursor", "limit"],
    run({ world, ids, query, listing }) {
      const cursors = { kind: "run", find: (id: string) => world.monitors.runPlace(ids.monitor, id) } as const;
      const { order, after, limit } = paging(query, PAGE, listing, cursors);
      return takePage(world.monitors.listRuns(ids.monitor, { order, after }), limit, ({ run }) => run);
    },
  },
  {
    method: "GET",
    path: `${BASE}/:monitor/runs/:id`,
    run: ({ world, ids }) => world.monitors.getRun(ids.monitor, ids.id),
  },
  {
    method: "POST",
    path: `${CONTROL_PATH}monitors/:id/trigger`,
    status: 201,
    run: ({ world, ids, body, text }) =>
      world.monitors.trigger(ids.id, text.trim() === "" ? undefined : read(triggerBody, body()).outcome),
  },
];
