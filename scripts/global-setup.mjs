import { buildIfNeeded } from "./build.mjs";

/** Before the tests: some of them start the built program. */
export async function setup() {
  await buildIfNeeded();
}
