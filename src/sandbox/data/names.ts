import type { Random } from "../random.ts";
import { COMPANY_KINDS, COMPANY_STEMS, COMPANY_TAILS, FIRST_NAMES, LAST_NAMES } from "./vocabulary.ts";

export function companyName(random: Random): string {
  return `${random.pick(COMPANY_STEMS)}${random.pick(COMPANY_TAILS)} ${random.pick(COMPANY_KINDS)}`;
}

export function personName(random: Random): string {
  return `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`;
}

/** A name as it stands in URLs and mail addresses: `Northvale Labs` becomes `northvale-labs`. */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

/** A host under `.example`, which RFC 2606 reserves: it never leads anywhere. */
export function host(name: string): string {
  return `${slug(name)}.example`;
}
