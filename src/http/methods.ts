import { EVENT_TYPES_URI } from "../resources/events.ts";
import { progressIn } from "../resources/subscriptions.ts";

/** The methods of the protocol: whether the API is asked for what they are answered with. */
const ASKS_API: ReadonlyMap<string, boolean> = new Map([
  ["completion/complete", false],
  ["events/list", false],
  ["events/poll", true],
  ["events/stream", true],
  ["initialize", false],
  ["logging/setLevel", false],
  ["notifications/cancelled", false],
  ["notifications/initialized", false],
  ["ping", false],
  ["prompts/get", false],
  ["prompts/list", false],
  ["resources/list", false],
  ["resources/read", true],
  ["resources/subscribe", true],
  ["resources/templates/list", false],
  ["resources/unsubscribe", false],
  ["server/discover", false],
  ["subscriptions/listen", true],
  ["tasks/cancel", true],
  ["tasks/get", true],
  ["tasks/update", true],
  ["tools/call", true],
  ["tools/list", false],
]);

export function isMethod(name: string): boolean {
  return ASKS_API.has(name);
}

/** Whether the API may be asked for what a message is answered with: only that can tell whether a key works. */
export function asksApi(message: object): boolean {
  const { method = "", params } = message as { method?: string; params?: { uri?: unknown } };
  if (method === "resources/read" && typeof params?.uri === "string") return !params.uri.startsWith(EVENT_TYPES_URI);
  if (method === "subscriptions/listen") return progressIn(params).length > 0;
  return ASKS_API.get(method) === true;
}
