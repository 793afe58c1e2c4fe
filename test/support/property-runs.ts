/** How many runs a property gets, and how: see `propertyRuns`. */
interface PropertyRuns {
  numRuns: number;
  seed?: number;
  path?: string;
  endOnFailure: boolean;
}

/**
 * How many runs a property gets, and from which seed: `PROPERTY_RUNS` and `PROPERTY_SEED` of the environment override what
 * the suite does; of the first a test takes its share, for some worlds take far longer than others. A failure ends the run and prints
 * its seed and its path, for making the world smaller can take hours; with both, and one run, the same failure comes again, and smaller.
 */
export function propertyRuns(inTheSuite: number, share = 1): PropertyRuns {
  const { PROPERTY_RUNS, PROPERTY_SEED, PROPERTY_PATH } = process.env;
  return {
    numRuns: PROPERTY_RUNS === undefined ? inTheSuite : Math.ceil(Number(PROPERTY_RUNS) * share),
    ...(PROPERTY_SEED === undefined ? {} : { seed: Number(PROPERTY_SEED) }),
    ...(PROPERTY_PATH === undefined ? {} : { path: PROPERTY_PATH }),
    endOnFailure: PROPERTY_PATH === undefined,
  };
}

/** How long a property's test may take: two seconds for each run is far more than one needs, also on a busy machine. */
export function propertyTimeout(inTheSuite: number): number {
  return Math.max(60_000, propertyRuns(inTheSuite).numRuns * 2_000);
}
