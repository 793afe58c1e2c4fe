import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** One request to the real API and its answer; every text in them was replaced by an invented one. */
export interface Exchange {
  method: string;
  /** With its query. */
  path: string;
  /** Since the recording began. */
  seconds: number;
  status: number;
  requestBody?: unknown;
  body: unknown;
}

const FOLDER = join(import.meta.dirname, "../recorded");

/** What was recorded of the real API from November 2025 on, by name: one session each. */
export const RECORDINGS: readonly { name: string; exchanges: Exchange[] }[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => ({
    name: basename(file, ".json"),
    exchanges: JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Exchange[],
  }));
