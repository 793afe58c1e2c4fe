import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { bundle, DIST_MANIFEST } from "./bundle.mjs";
import { thirdPartyLicenses } from "./licenses.mjs";
import { cache, root } from "./project.mjs";

const dist = join(root, "dist");
const program = join(dist, "cli.js");
const stamp = join(cache, "dist-stamp");

/** With it, a shell can start the program. */
const SHEBANG = "#!/usr/bin/env node\n";

/** Everything that decides what a build gives. The lockfile stands for what is installed. */
const INPUTS = ["src", "scripts", "package.json", "package-lock.json", "tsconfig.json"];

/** Bundles `src/cli/entry.ts` and all it may need into `dist/`. Types are not checked here: that is `tsc`'s part. */
export async function build() {
  const inputs = hashOf(INPUTS);
  const bundled = await bundle(dist);
  const files = bundled.files.map(({ path, text }) => ({ path, text: path === program ? SHEBANG + text : text }));
  files.push({ path: join(dist, "package.json"), text: DIST_MANIFEST });
  const licenses = thirdPartyLicenses(bundled.metafile);
  files.push({ path: join(dist, "THIRD-PARTY-LICENSES.txt"), text: licenses });

  // The program comes last and in one step, and what it no longer needs goes after that: a test or a host that starts
  // it while it is being built gets the old one or the new one.
  for (const { path, text } of files.sort((a, b) => Number(a.path === program) - Number(b.path === program))) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}.tmp`, text);
    if (path === program) chmodSync(`${path}.${process.pid}.tmp`, 0o755);
    renameSync(`${path}.${process.pid}.tmp`, path);
  }
  const built = new Set(files.map((file) => file.path));
  for (const path of filesIn(dist)) if (!built.has(path)) rmSync(path, { force: true });

  mkdirSync(cache, { recursive: true });
  writeFileSync(stamp, `${inputs} ${hashOf(["dist"])}`);
}

/** Builds unless `dist/` is what these sources give. True if it built. */
export async function buildIfNeeded() {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === `${hashOf(INPUTS)} ${hashOf(["dist"])}`) return false;
  await build();
  return true;
}

/**
 * A hash over the names and contents of files and of everything in folders, relative to the project.
 * @param {string[]} names
 */
export function hashOf(names) {
  const hash = createHash("sha256");
  for (const path of names.flatMap((name) => filesIn(join(root, name)))) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/**
 * A file itself, or all files below a folder, sorted; nothing if it does not exist or is half written.
 * @param {string} path
 * @returns {string[]}
 */
function filesIn(path) {
  if (!existsSync(path) || path.endsWith(".tmp")) return [];
  try {
    return readdirSync(path)
      .sort()
      .flatMap((name) => filesIn(join(path, name)));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return [path];
    throw error;
  }
}

// A folder may be reached by a link; what is imported, Node names by where it really is.
if (import.meta.filename === realpathSync(process.argv[1] ?? "")) {
  const started = performance.now();
  const built = process.argv.includes("--if-needed") ? await buildIfNeeded() : await build().then(() => true);
  if (built) console.error(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
