import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One request to the real API and its answer, as recorded; only the texts in it are invented. */
export interface Exchange {
  method: string;
  /** With its query. */
  path: string;
  /** Since the session's first request. */
  seconds: number;
  status: number;
  /** The answer's `Date`. */
  date: string;
  requestBody?: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answered is what the tests are about.
  body: any;
}

const FOLDER = join(import.meta.dirname, "../recorded");

/** The recorded sessions, by name, each with its exchanges in order. */
export const RECORDED: readonly (readonly [name: string, exchanges: readonly Exchange[]])[] = readdirSync(FOLDER).map(
  (file) => [file.replace(".json", ""), JSON.parse(readFileSync(join(FOLDER, file), "utf8"))],
);
