import { ApiError } from "../api-error.ts";
import { eventTypes, paging, takePage, time } from "../page.ts";
import type { Route } from "../router.ts";

const BASE = "/websets/v0/events";

export const eventRoutes: readonly Route[] = [
  {
    method: "GET",
    path: BASE,
    query: ["cursor", "limit", "types", "createdBefore", "createdAfter"],
    run({ world, query, listing }) {
      const cursors = { kind: "event", find: (id: string) => world.events.place(id) } as const;
      const { order, after, limit } = paging(query, { usual: 25, most: 200 }, listing, cursors);
      const events = world.events.walk({
        order,
        after,
        types: eventTypes(query),
        from: time(query, "createdAfter"),
        until: time(query, "createdBefore"),
      });
      return takePage(events, limit, ({ event }) => event);
    },
  },
  {
    method: "GET",
    path: `${BASE}/:id`,
    run({ world, ids }) {
      const event = world.events.get(ids.id);
      if (event === undefined) throw new ApiError(404, "Event not found");
      return event;
    },
  },
];
