import { ApiError } from "./api-error.ts";
import {
  enrichmentBody,
  enrichmentUpdateBody,
  exportBody,
  importBody,
  importFailureBody,
  importUpdateBody,
  monitorBody,
  monitorUpdateBody,
  read,
  searchBody,
  triggerBody,
  websetBody,
  websetUpdateBody,
} from "./bodies.ts";
import { eventTypes, expandsItems, paging, searchTerm, takePage, time } from "./page.ts";
import type { Route } from "./router.ts";

/** Everything under this path is the sandbox's own: it takes no key, meets no faults and counts no requests. */
export const CONTROL_PATH = "/sandbox/";

/** What the API has no calls for. */
const controlRoutes: readonly Route[] = [
  { method: "GET", path: "/sandbox/health", run: ({ world }) => ({ status: "ok", time: world.timestamp() }) },
  {
    method: "GET",
    path: "/sandbox/requests",
    run: ({ requests }) => ({ total: requests.total, counts: requests.counts }),
  },
  { method: "POST", path: "/sandbox/websets/:id/pause", run: ({ world, ids }) => world.pauseWebset(ids.id) },
  { method: "POST", path: "/sandbox/websets/:id/resume", run: ({ world, ids }) => world.resumeWebset(ids.id) },
];

const WEBSETS = "/websets/v0/websets";
const WEBSETS_PAGE = { usual: 25, most: 100, recorded: "newest-first" } as const;

const websetRoutes: readonly Route[] = [
  {
    method: "POST",
    path: WEBSETS,
    status: 201,
    run: ({ world, body }) => world.createWebset(read(websetBody, body())),
  },
  {
    method: "GET",
    path: WEBSETS,
    query: ["cursor", "limit", "search"],
    run({ world, query, listing }) {
      const cursors = { kind: "webset", find: (id: string) => world.websetPlace(id) } as const;
      const { order, after, limit } = paging(query, WEBSETS_PAGE, listing, cursors);
      return takePage(world.listWebsets({ order, after }, searchTerm(query)), limit, ({ webset }) => webset);
    },
  },
  {
    method: "GET",
    path: `${WEBSETS}/:id`,
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
    path: `${WEBSETS}/:id`,
    run({ world, ids, body }) {
      const { metadata } = read(websetUpdateBody, body());
      return metadata === undefined ? world.getWebset(ids.id) : world.updateWebset(ids.id, metadata);
    },
  },
  { method: "POST", path: `${WEBSETS}/:id/cancel`, run: ({ world, ids }) => world.cancelWebset(ids.id) },
  { method: "DELETE", path: `${WEBSETS}/:id`, run: ({ world, ids }) => world.deleteWebset(ids.id) },
];

const SEARCHES = "/websets/v0/websets/:webset/searches";

const searchRoutes: readonly Route[] = [
  {
    method: "POST",
    path: SEARCHES,
    status: 201,
    run: ({ world, ids, body }) => world.createSearch(ids.webset, read(searchBody, body())),
  },
  { method: "GET", path: `${SEARCHES}/:id`, run: ({ world, ids }) => world.getSearch(ids.webset, ids.id) },
  { method: "POST", path: `${SEARCHES}/:id/cancel`, run: ({ world, ids }) => world.cancelSearch(ids.webset, ids.id) },
];

const ITEMS = "/websets/v0/websets/:webset/items";
const ITEMS_PAGE = { usual: 20, most: 100, recorded: "oldest-first" } as const;

const itemRoutes: readonly Route[] = [
  {
    method: "GET",
    path: ITEMS,
    query: ["cursor", "limit", "sourceId"],
    run({ world, ids, query, listing }) {
      const cursors = { kind: "item", find: (id: string) => world.itemPlace(ids.webset, id) } as const;
      const { order, after, limit } = paging(query, ITEMS_PAGE, listing, cursors);
      const items = world.listItems(ids.webset, { order, after }, query.get("sourceId") ?? undefined);
      return takePage(items, limit, ({ item }) => item);
    },
  },
  { method: "GET", path: `${ITEMS}/:id`, run: ({ world, ids }) => world.getItem(ids.webset, ids.id) },
];

const ENRICHMENTS = "/websets/v0/websets/:webset/enrichments";

const enrichmentRoutes: readonly Route[] = [
  {
    method: "POST",
    path: ENRICHMENTS,
    status: 201,
    run: ({ world, ids, body }) => world.createEnrichment(ids.webset, read(enrichmentBody, body())),
  },
  { method: "GET", path: `${ENRICHMENTS}/:id`, run: ({ world, ids }) => world.getEnrichment(ids.webset, ids.id) },
  {
    method: "PATCH",
    path: `${ENRICHMENTS}/:id`,
    run: ({ world, ids, body }) => world.updateEnrichment(ids.webset, ids.id, read(enrichmentUpdateBody, body())),
  },
  { method: "DELETE", path: `${ENRICHMENTS}/:id`, run: ({ world, ids }) => world.deleteEnrichment(ids.webset, ids.id) },
  {
    method: "POST",
    path: `${ENRICHMENTS}/:id/cancel`,
    run: ({ world, ids }) => world.cancelEnrichment(ids.webset, ids.id),
  },
];

const EXPORTS = "/websets/v0/websets/:webset/exports";

/** In Exa's documentation, but not in its OpenAPI file. */
const exportRoutes: readonly Route[] = [
  {
    method: "POST",
    path: EXPORTS,
    run: ({ world, ids, body }) => world.createExport(ids.webset, read(exportBody, body())),
  },
  { method: "GET", path: `${EXPORTS}/:id`, run: ({ world, ids }) => world.getExport(ids.webset, ids.id) },
];

const IMPORTS = "/websets/v0/imports";
const IMPORTS_PAGE = { usual: 25, most: 200, recorded: "newest-first" } as const;
const IMPORTS_CONTROL = `${CONTROL_PATH}imports/:id`;

const importRoutes: readonly Route[] = [
  {
    method: "POST",
    path: IMPORTS,
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
    path: IMPORTS,
    query: ["cursor", "limit"],
    run({ world, query, listing }) {
      const cursors = { kind: "import", find: (id: string) => world.imports.place(id) } as const;
      const { order, after, limit } = paging(query, IMPORTS_PAGE, listing, cursors);
      const page = takePage(world.imports.list({ order, after }), limit, (entry) => entry.import);
      // As recorded: eight rows, which were all there were, and yet "more" without a cursor.
      return { ...page, hasMore: page.hasMore || page.data.length > 0 };
    },
  },
  { method: "GET", path: `${IMPORTS}/:id`, run: ({ world, ids }) => world.imports.get(ids.id) },
  {
    method: "PATCH",
    path: `${IMPORTS}/:id`,
    run: ({ world, ids, body }) => world.imports.update(ids.id, read(importUpdateBody, body())),
  },
  { method: "DELETE", path: `${IMPORTS}/:id`, run: ({ world, ids }) => world.imports.delete(ids.id) },
  {
    method: "PUT",
    path: `${IMPORTS_CONTROL}/upload`,
    run: ({ world, ids, text }) => world.imports.upload(ids.id, text),
  },
  {
    method: "POST",
    path: `${IMPORTS_CONTROL}/fail`,
    run: ({ world, ids, body }) => world.imports.fail(ids.id, read(importFailureBody, body()).reason),
  },
];

const MONITORS = "/websets/v0/monitors";
const MONITORS_PAGE = { usual: 25, most: 200 };

const monitorRoutes: readonly Route[] = [
  {
    method: "POST",
    path: MONITORS,
    status: 201,
    run: ({ world, body }) => world.monitors.create(read(monitorBody, body())),
  },
  {
    method: "GET",
    path: MONITORS,
    query: ["cursor", "limit", "websetId"],
    run({ world, query, listing }) {
      const cursors = { kind: "monitor", find: (id: string) => world.monitors.place(id) } as const;
      const { order, after, limit } = paging(query, MONITORS_PAGE, listing, cursors);
      const monitors = world.monitors.list({ order, after }, query.get("websetId") ?? undefined);
      return takePage(monitors, limit, ({ monitor }) => monitor);
    },
  },
  { method: "GET", path: `${MONITORS}/:id`, run: ({ world, ids }) => world.monitors.get(ids.id) },
  {
    method: "PATCH",
    path: `${MONITORS}/:id`,
    run: ({ world, ids, body }) => world.monitors.update(ids.id, read(monitorUpdateBody, body())),
  },
  { method: "DELETE", path: `${MONITORS}/:id`, run: ({ world, ids }) => world.monitors.delete(ids.id) },
  {
    method: "GET",
    path: `${MONITORS}/:monitor/runs`,
    query: ["cursor", "limit"],
    run({ world, ids, query, listing }) {
      const cursors = { kind: "run", find: (id: string) => world.monitors.runPlace(ids.monitor, id) } as const;
      const { order, after, limit } = paging(query, MONITORS_PAGE, listing, cursors);
      return takePage(world.monitors.listRuns(ids.monitor, { order, after }), limit, ({ run }) => run);
    },
  },
  {
    method: "GET",
    path: `${MONITORS}/:monitor/runs/:id`,
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

const EVENTS = "/websets/v0/events";

const eventRoutes: readonly Route[] = [
  {
    method: "GET",
    path: EVENTS,
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
    path: `${EVENTS}/:id`,
    run({ world, ids }) {
      const event = world.events.get(ids.id);
      if (event === undefined) throw new ApiError(404, "Event not found");
      return event;
    },
  },
];

const teamRoutes: readonly Route[] = [
  { method: "GET", path: "/websets/v0/teams/me", run: ({ world }) => world.team() },
];

/** Everything the sandbox answers. */
export const ROUTES: readonly Route[] = [
  ...websetRoutes,
  ...searchRoutes,
  ...itemRoutes,
  ...enrichmentRoutes,
  ...exportRoutes,
  ...importRoutes,
  ...monitorRoutes,
  ...eventRoutes,
  ...teamRoutes,
  ...controlRoutes,
];
