import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { build, transform } from "esbuild";

/** One import as a file writes it, resolved: "exa/client.ts" for ours, the specifier for Node's and packages'. */
export interface Import {
  from: string;
  ours: boolean;
  typeOnly: boolean;
}

export interface Rules {
  /** Folder, or file without ".ts", of src/ → the folders and files of src/ that it may import besides itself. */
  mayImport: Record<string, readonly string[]>;
  /** The same, for what is only to be known as a type: whoever needs the value has it passed in. */
  typesOnly: Record<string, readonly string[]>;
  /** Package → the folders and files that may import it. */
  packages: Record<string, readonly string[]>;
}

/** What a page tells of a folder, or of a file of src/ without ".ts". */
export interface Floor {
  /** Told of before it is there. */
  isToCome: boolean;
  /** Folders and files, sorted; `typesOnly` are those of them that are to be known as types only. */
  mayImport: string[];
  typesOnly: string[];
}

/** The table of folders in a page of the docs. In place of several folders it may name a group. */
export function floorsIn(page: string, groups: Record<string, readonly string[]>): Record<string, Floor> {
  const [, table = ""] = /^\| folder \| holds \| may import \|\n.*?\n(.*?)\n\n/ms.exec(page) ?? [];
  const rows = table.split("\n").flatMap((row) => {
    const [names = "", holds = "", places = ""] = row.slice(2, -2).split(" | ");
    const imports = [...places.matchAll(/([\w-]+)(?: \((.*?)\))?(?:, |$)/g)];
    const expanded = (some: typeof imports) => some.flatMap(([, name = ""]) => groups[name] ?? [name]).sort();
    const typesOnly = expanded(imports.filter(([, , remark = ""]) => /^types$|\bas a type\b/.test(remark)));
    const floor = { isToCome: holds.endsWith("; to come"), mayImport: expanded(imports), typesOnly };
    return [...names.matchAll(/`(.+?)(?:\.ts)?`/g)].map(([, name = ""]): [string, Floor] => [name, floor]);
  });
  return Object.fromEntries(rows);
}

/** Every import that breaks the rules, as a sentence that names the file. */
export function brokenImports(files: ReadonlyMap<string, readonly Import[]>, rules: Rules): string[] {
  return [...files].flatMap(([file, imports]) => {
    const folder = folderOf(file);
    const allowed = rules.mayImport[folder];
    if (allowed === undefined) return [`${file} lies outside the folders that the table knows`];
    return imports.flatMap(({ from, ours, typeOnly }) => {
      if (!ours) return brokenPackage(file, from, rules.packages);
      if (folderOf(from) === folder) return [];
      if (!allowed.some((place) => lies(from, place))) return [`${file} imports ${from}: ${folder} may not`];
      const onlyAsType = rules.typesOnly[folder]?.some((place) => lies(from, place)) ?? false;
      return onlyAsType && !typeOnly ? [`${file} imports ${from} for more than its types: ${folder} may not`] : [];
    });
  });
}

function brokenPackage(file: string, specifier: string, packages: Rules["packages"]): string[] {
  if (specifier.startsWith("node:")) return [];
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const places = packages[name];
  if (places === undefined) return [`${file} imports ${specifier}: ${name} is not among the packages`];
  return places.some((place) => lies(file, place)) ? [] : [`${file} imports ${specifier}: it may not`];
}

/** One way round for each cycle of imports, types included: "a.ts > b.ts > a.ts". */
export function importCycles(files: ReadonlyMap<string, readonly Import[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start !== -1) cycles.push([...path.slice(start), file].join(" > "));
    if (start !== -1 || done.has(file)) return;
    for (const { from, ours } of files.get(file) ?? []) if (ours) visit(from, [...path, file]);
    done.add(file);
  };
  for (const file of files.keys()) visit(file, []);
  return cycles;
}

/** The file and all it cannot run without, over all that it imports for more than types. What is passed in is not among them. */
export function closureOf(file: string, files: ReadonlyMap<string, readonly Import[]>): string[] {
  const closure = new Set([file]);
  for (const one of closure) {
    for (const { from, ours, typeOnly } of files.get(one) ?? []) if (ours && !typeOnly) closure.add(from);
  }
  return [...closure];
}

/** The uses of what belongs to the process, in files outside the places where that is allowed. */
export function strayUses(files: ReadonlyMap<string, readonly string[]>, places: readonly string[]): string[] {
  return [...files].flatMap(([file, uses]) =>
    places.some((place) => lies(file, place)) ? [] : uses.map((use) => `${file} uses ${use}: only ${places} may`),
  );
}

/** True if a path is the given file, with or without ".ts", or below the given folder. */
function lies(path: string, place: string): boolean {
  return path === place || path === `${place}.ts` || path.startsWith(`${place}/`);
}

/** "exa/client.ts" → "exa", "config.ts" → "config". */
function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path.replace(/\.ts$/, "");
}

/** Reads all imports of the given files, which lie below `src`. Imports of values come from the bundler's own parser. */
export async function importsOf(src: string, paths: readonly string[]): Promise<Map<string, Import[]>> {
  const { metafile } = await build({
    absWorkingDir: src,
    entryPoints: [...paths],
    outdir: "nowhere",
    write: false,
    metafile: true,
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "node",
    logLevel: "silent",
  });
  return new Map(
    paths.map((path) => {
      const imports = (metafile.inputs[path]?.imports ?? []).map(
        ({ path: from, external }): Import => ({ from, ours: !external, typeOnly: false }),
      );
      for (const specifier of typeImports(readFileSync(join(src, path), "utf8"))) {
        const ours = specifier.startsWith(".");
        const from = ours ? posix.join(posix.dirname(path), specifier) : specifier;
        if (!imports.some((known) => known.from === from)) imports.push({ from, ours, typeOnly: true });
      }
      return [path, imports];
    }),
  );
}

const NAMES = String.raw`(?:[\w$]+|\*\s*as\s+[\w$]+|\*|\{[^}]*\})`;
const TYPE_IMPORT = new RegExp(String.raw`^\s*(?:import|export)\s+type\s*${NAMES}\s*from\s*["']([^"']+)["']`, "gm");
const IMPORTED_TYPE = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** The imports that TypeScript takes away: `import type … from`, `export type … from`, and `import("…")` in a type. */
export function typeImports(source: string): string[] {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  return [TYPE_IMPORT, IMPORTED_TYPE].flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ""));
}

/** What belongs to the process and is read or written through a global. */
const GLOBALS = ["process.env", "process.stdout", "process.stderr", "process.stdin", "process.argv", "console"];
const MODULES = ["node:process", "process", "node:console", "console"];

/** The process's globals that a file uses, found by the bundler's own parser: not in comments, texts or local names. */
export async function processUses(source: string, imports: readonly Import[]): Promise<string[]> {
  const marked = Object.fromEntries(
    GLOBALS.flatMap((name) => [name, `globalThis.${name}`].map((global) => [global, mark(name)])),
  );
  const define = { ...marked, process: mark("process") };
  const { code } = await transform(source, { loader: "ts", define, legalComments: "none" });
  return [
    ...GLOBALS.filter((name) => code.includes(mark(name))),
    // Taken as a whole, as in `const { env } = process`. What else it has, such as `process.version`, harms nobody.
    ...(new RegExp(String.raw`\b${mark("process")}\b(?!\.)`).test(code) ? ["process"] : []),
    ...MODULES.filter((name) => imports.some(({ from }) => from === name)),
  ];
}

function mark(global: string): string {
  return `USES_${global.replace(".", "_")}`;
}
