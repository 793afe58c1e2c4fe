import type { Random } from "./random.ts";

const PREFIXES = {
  webset: "ws",
  search: "search",
  item: "item",
  enrichment: "enr",
  export: "exp",
  import: "import",
  monitor: "monitor",
  run: "run",
  event: "event",
  request: "req",
} as const;

export type IdKind = keyof typeof PREFIXES;

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const LENGTH = 22;

/**
 * A maker of ids such as `ws_4k0w…`. They are random throughout: whoever sorts by ids learns nothing about time. Each kind
 * has its own stream, so that more of one does not change the others.
 */
export function createIds(random: Random): (kind: IdKind) => string {
  const streams = new Map<IdKind, Random>();
  return (kind) => {
    const stream = streams.get(kind) ?? random.fork(`ids/${kind}`);
    streams.set(kind, stream);
    let id = `${PREFIXES[kind]}_`;
    for (let index = 0; index < LENGTH; index++) id += DIGITS.charAt(stream.integer(0, DIGITS.length - 1));
    return id;
  };
}
