/** How many runs a property gets, and how: see `propertyRuns`. */
interface PropertyRuns {
  numRuns: number;
  path?: string;
  endOnFailure: boolean;
}

/**
 * How many runs a property gets: `PROPERTY_RUNS` of the environment overrides what the suite does, and a test takes its share of
 * them, for some worlds take far longer than others. A failure ends the run and prints
 * its seed and its path, for making the world smaller can take hours; with both, and one run, the same failure comes again, and smaller.
 */
export function propertyRuns(inTheSuite: number, share = 1): PropertyRuns {
  const { PROPERTY_RUNS, PROPERTY_PATH } = process.env;
  return {
    numRuns: PROPERTY_RUNS === undefined ? inTheSuite : Math.ceil(Number(PROPERTY_RUNS) * share),
    ...(PROPERTY_PATH === undefined ? {} : { path: PROPERTY_PATH }),
    endOnFailure: PROPERTY_PATH === undefined,
  };
}

/** How long a property's test may take: two seconds for each run is far more than one needs, also on a busy machine. */
export function propertyTimeout(inTheSuite: number): number {
  return Math.max(60_000, propertyRuns(inTheSuite).numRuns * 2_000);
}
