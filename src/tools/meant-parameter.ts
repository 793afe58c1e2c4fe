/**
 * What callers write in the place of each parameter, without capitals and signs. A name may stand at several: the tool's own
 * parameters decide, in this order.
 */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  websetId: ["id", "webset", "websets", "externalid", "websetname"],
  eventId: ["id", "event"],
  searchId: ["search"],
  types: ["type", "eventtype", "eventtypes", "kinds"],
  problems: ["failures", "failed", "errors", "onlyproblems", "problemsonly", "onlyfailures", "onlyerrors"],
  itemsReady: ["ready", "enriched", "itemready", "onlyready"],
  after: [
    "createdafter",
    "since",
    "from",
    "start",
    "starttime",
    "startdate",
    "begin",
    "cursor",
    "aftercursor",
    "position",
  ],
  before: ["createdbefore", "until", "to", "end", "endtime", "enddate"],
  atLeast: ["count", "min", "minimum", "mincount", "minevents", "least"],
  items: ["count", "itemcount", "target", "numitems", "minitems"],
  limit: [
    "count",
    "max",
    "maximum",
    "maxcount",
    "maxevents",
    "maxresults",
    "maxitems",
    "pagesize",
    "perpage",
    "size",
    "top",
    "num",
    "numresults",
    "n",
  ],
  page: ["nextpage", "pagetoken", "nexttoken", "nextcursor", "cursor", "offset"],
  until: ["condition", "waitfor", "for", "goal"],
  status: ["statuses", "state"],
  detail: ["details", "verbose", "full", "format", "view", "expand", "includedata"],
  timeoutSeconds: [
    "timeout",
    "timeoutms",
    "timeoutmilliseconds",
    "timeoutsecs",
    "seconds",
    "wait",
    "waitseconds",
    "maxwait",
    "maxwaitseconds",
    "duration",
  ],
};

/** The parameter that a caller meant by a name that is none, and the value it then has; undefined where the words do not tell. */
export function meantBy(
  name: string,
  value: unknown,
  parameters: readonly string[],
): { name: string; value: unknown } | undefined {
  const plain = plainly(name);
  const meant =
    parameters.find((parameter) => plainly(parameter) === plain) ??
    Object.keys(OTHER_NAMES).find((one) => parameters.includes(one) && OTHER_NAMES[one]?.includes(plain));
  return meant === undefined ? undefined : { name: meant, value: valueFor(meant, plain, value) };
}

function valueFor(meant: string, plain: string, value: unknown): unknown {
  if (meant === "detail") return value === true || plain === "full" ? "full" : undefined;
  if (meant === "timeoutSeconds" && /m(?:s|illiseconds)$/.test(plain)) return Number(value) / 1_000 || undefined;
  if (meant === "types" && typeof value === "string") return [value];
  return typeof value === "object" && !Array.isArray(value) ? undefined : value;
}

function plainly(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
