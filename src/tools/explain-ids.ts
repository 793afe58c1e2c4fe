import { idWithin } from "../exa/id-within.ts";
import { WebsetsError } from "../shared/errors.ts";

/** What ids of each kind begin with, and where such an id belongs. Prefixes only give hints; nothing is decided by them. */
const KINDS: readonly { name: string; prefixes: readonly string[]; parameter?: string; advice: string }[] = [
  {
    name: "a Webset",
    prefixes: ["ws", "webset"],
    parameter: "websetId",
    advice: "Call get_webset_progress with it as websetId, or list_webset_events.",
  },
  {
    name: "a search",
    prefixes: ["search", "webset_search", "wsearch"],
    parameter: "searchId",
    advice: "Call wait_for_webset with it as searchId, together with its Webset's id as websetId.",
  },
  {
    name: "an event",
    prefixes: ["event", "evt"],
    parameter: "eventId",
    advice: "Call get_webset_event with it as eventId.",
  },
  { name: "an item", prefixes: ["item", "webset_item", "witem"], advice: "" },
  { name: "an enrichment", prefixes: ["enr", "enrichment", "webset_enrichment"], advice: "" },
  { name: "an import", prefixes: ["imp", "import"], advice: "" },
  { name: "an export", prefixes: ["exp", "export", "webset_export"], advice: "" },
  { name: "a monitor run", prefixes: ["run", "mrun", "monitor_run"], advice: "" },
  { name: "a monitor", prefixes: ["mon", "monitor"], advice: "" },
];

const NO_PARAMETER = "No parameter takes it: its Webset's id stands as websetId in its events, see list_webset_events.";

/**
 * What to say of an id the API does not know, when it looks like the id of something else; undefined where it does not.
 * `parameter` is where the caller put it.
 */
export function wrongKindOfId(parameter: string, id: string): WebsetsError | undefined {
  const prefix = /^([a-z]+(?:_[a-z]+)*)_[^_]+$/i.exec(id)?.[1]?.toLowerCase();
  const kind = prefix === undefined ? undefined : KINDS.find(({ prefixes }) => prefixes.includes(prefix));
  if (kind === undefined || kind.parameter === parameter) return undefined;
  return new WebsetsError("invalid_request", {
    what: `The API does not know ${JSON.stringify(id)} as ${parameter}: it looks like the id of ${kind.name}`,
    advice: kind.parameter === undefined ? NO_PARAMETER : kind.advice,
  });
}

/** The error of a call, or a better one where something was not found because an id of another kind was given. */
export function explainIds(error: unknown, args: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof WebsetsError) || error.kind !== "not_found") return error;
  for (const parameter of ["websetId", "searchId", "eventId"]) {
    const id = args[parameter];
    if (typeof id !== "string") continue;
    const wrong = wrongKindOfId(parameter, id);
    if (wrong !== undefined) return wrong;
    const within = idWithin(parameter, id);
    if (within !== undefined) {
      const { message: what, status, requestId } = error;
      const instead = `${parameter} ${JSON.stringify(within)}`;
      return new WebsetsError("not_found", { what, instead, advice: "Check the id.", status, requestId });
    }
  }
  return error;
}
