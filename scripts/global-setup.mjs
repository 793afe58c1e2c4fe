import { buildIfNeeded, hashOf } from "./build.mjs";

/** Before the tests: some of them start the built program. */
export async function setup() {
  // The same sources meet the same random worlds, so that a failure is theirs and comes again; changed ones meet others.
  process.env.PROPERTY_SEED ??= String(Number.parseInt(hashOf(["src", "test"]).slice(0, 8), 16) | 0);
  await buildIfNeeded();
}
