import type { Route } from "../router.ts";

export const teamRoutes: readonly Route[] = [
  { method: "GET", path: "/websets/v0/teams/me", run: ({ world }) => world.team() },
];
