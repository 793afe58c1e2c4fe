import { ApiError } from "../api-error.ts";
import type { Fault, FaultRequest } from "./fault.ts";
import { isEventList } from "./fault.ts";
import { refusal } from "./status-faults.ts";

/** The most that Exa's events are taken to lag behind their `createdAt`. */
const LATEST_MS = 5_000;
const CLOCK_OFFSET_MS = 600_000;
const MOST_ARRIVALS = 3;
const EVENT = /^\/websets\/v0\/events\/[^/]+$/;
const WEBSET = /^\/websets\/v0\/websets\/([^/]+)/;

/** What is odd about the world itself rather than about one answer: everybody sees it, and it stays. */
export const worldFaults = {
  "oldest-first": {
    kind: "condition",
    description: "all lists come oldest first",
    listOrder: "oldest-first",
  },
  "clock-fast": {
    kind: "condition",
    description: "the server's clock, Date and createdAt alike, is 10 minutes fast",
    clockOffset: CLOCK_OFFSET_MS,
  },
  "clock-slow": {
    kind: "condition",
    description: "the server's clock, Date and createdAt alike, is 10 minutes slow",
    clockOffset: -CLOCK_OFFSET_MS,
  },
  "late-events": {
    kind: "event",
    description: "an event becomes visible 0 to 5 s after its createdAt, so that events come in any order",
    delay: (random) => random.integer(0, LATEST_MS),
  },
  "same-timestamp": {
    kind: "event",
    description: "the events of one second share one createdAt",
    // No more than a second: by this much may createdAt and the Date header disagree.
    createdAt: (now) => Math.floor(now / 1000) * 1000,
  },
  arrivals: {
    kind: "before",
    description: "Websets are created, and so events arrive, while the pages of events are walked",
    fits: (request) => isEventList(request) && request.query.has("cursor"),
    act({ world, random }) {
      for (let left = random.integer(1, MOST_ARRIVALS); left > 0; left--) world.createWebset({});
      return true;
    },
  },
  "unknown-type": {
    kind: "before",
    description: "an event happens whose type nobody knows",
    fits: isEventList,
    act({ world }) {
      const data = { id: world.newId("item"), object: "webset_review", verdict: "approved" };
      world.record("webset.item.reviewed", data);
      return true;
    },
  },
  "unknown-status": {
    kind: "before",
    description: "a running search gets the status failed, which nobody knows, and its Webset goes idle",
    fits: (request) => isEventList(request) || websetIn(request) !== undefined,
    act({ request, world }) {
      const asked = websetIn(request);
      if (asked !== undefined) return world.hasWebset(asked) && world.failSearch(asked);
      for (const { id } of world.listWebsets({ order: "oldest-first" })) if (world.failSearch(id)) return true;
      return false;
    },
  },
  "deleted-webset": {
    kind: "before",
    description: "the Webset that is asked for is deleted just before",
    fits: (request) => websetIn(request) !== undefined,
    act({ request, world }) {
      const id = websetIn(request) ?? "";
      if (!world.hasWebset(id)) return false;
      world.deleteWebset(id);
      return true;
    },
  },
  "past-retention": {
    kind: "instead",
    description: "404 for a single event, as if it were older than 60 days",
    fits: ({ method, path }) => method === "GET" && EVENT.test(path),
    answer: (scene) => refusal(scene, new ApiError(404, "Event not found")),
  },
} as const satisfies Record<string, Fault>;

function websetIn({ method, path }: FaultRequest): string | undefined {
  const id = method === "GET" ? WEBSET.exec(path)?.[1] : undefined;
  if (id === undefined) return undefined;
  try {
    return decodeURIComponent(id);
  } catch {
    return undefined;
  }
}
