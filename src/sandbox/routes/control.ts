import type { Route } from "../router.ts";

/** Everything under this path is the sandbox's own: it takes no key, meets no faults and counts no requests. */
export const CONTROL_PATH = "/sandbox/";

/** What the API has no calls for. */
export const controlRoutes: readonly Route[] = [
  { method: "GET", path: "/sandbox/health", run: ({ world }) => ({ status: "ok", time: world.timestamp() }) },
  {
    method: "GET",
    path: "/sandbox/requests",
    run: ({ requests }) => ({ total: requests.total, counts: requests.counts }),
  },
  { method: "POST", path: "/sandbox/websets/:id/pause", run: ({ world, ids }) => world.pauseWebset(ids.id) },
  { method: "POST", path: "/sandbox/websets/:id/resume", run: ({ world, ids }) => world.resumeWebset(ids.id) },
];
