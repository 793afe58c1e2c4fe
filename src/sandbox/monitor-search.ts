import type { SearchParameters } from "./bodies.ts";
import type { Monitor, Webset } from "./resources.ts";

/** The search of a monitor's run: what its configuration leaves out is that of the Webset's last search. */
export function monitorSearch({ behavior: { config } }: Monitor, { searches }: Webset): SearchParameters {
  const last = searches.at(-1);
  const { count, behavior, query = last?.query ?? "", entity = last?.entity ?? undefined } = config;
  // Criteria go with their query: those of another one would not fit.
  const inherited = config.query === undefined ? last?.criteria.map(({ description }) => ({ description })) : undefined;
  const criteria = config.criteria === undefined || config.criteria.length === 0 ? inherited : config.criteria;
  return {
    query,
    count,
    behavior,
    ...(entity === undefined ? {} : { entity }),
    ...(criteria === undefined ? {} : { criteria }),
  };
}
