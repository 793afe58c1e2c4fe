import { createRandom } from "../../../src/sandbox/random.ts";

/** Numbers from 0 up to 1 that look random, and are the same for the same seed. */
export function dice(seed: number): () => number {
  return createRandom(seed).next;
}
