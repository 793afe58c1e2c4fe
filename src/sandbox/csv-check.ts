import type { ImportFailure } from "./resources.ts";

/** What came out of looking at an uploaded file. */
export type CsvVerdict = { count: number } | { reason: ImportFailure };

/** Files of other kinds betray themselves by how they begin. */
const OTHER_FORMATS = /^(\uFEFF?\s*[[{<]|PK|%PDF)/;
const ADDRESS = /^(https?:\/\/)?([\w-]+\.)+[a-z]{2,}(\/\S*)?$/i;

/**
 * Looks at a CSV file as an import does: a line of names and at least one record, each with an address in the column
 * `identifier`, or without that in any one column.
 */
export function checkCsv(text: string, identifier?: number): CsvVerdict {
  if (OTHER_FORMATS.test(text) || text.includes("\0")) return { reason: "invalid_format" };
  const [header, ...records] = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map(cells);
  if (header === undefined || records.length === 0) return { reason: "invalid_file_content" };
  if (records.some((record) => record.length > header.length)) return { reason: "invalid_file_content" };
  const columns = identifier === undefined ? header.keys() : [identifier];
  for (const column of columns) {
    if (records.every((record) => ADDRESS.test(record[column] ?? ""))) return { count: records.length };
  }
  return { reason: "missing_identifier" };
}

/** The cells of one line. Line breaks within quotes are beyond a sandbox. */
function cells(line: string): string[] {
  const found = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return Array.from(found, ([, quoted, plain = ""]) => (quoted?.replaceAll('""', '"') ?? plain).trim());
}
