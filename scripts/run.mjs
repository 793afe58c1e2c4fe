// node scripts/run.mjs <file.ts> [arguments]: runs a TypeScript program. Node 20 cannot do that itself.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { cache, root } from "./project.mjs";

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node scripts/run.mjs <file.ts> [arguments]");
  process.exit(2);
}

// Below node_modules, so that the packages it imports are found from there.
const program = join(cache, `${basename(file, ".ts")}-${process.pid}.mjs`);
mkdirSync(cache, { recursive: true });
process.on("exit", () => rmSync(program, { force: true }));

/**
 * Gives every module its own `import.meta`, as if it ran where its source is. On the first line, so that no line moves.
 * @type {import("esbuild").Plugin}
 */
const ownMeta = {
  name: "own-meta",
  setup({ onLoad }) {
    onLoad({ filter: /\.m?[jt]s$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8").replace(/^#!.*/, "");
      const meta = { url: pathToFileURL(path).href, dirname: dirname(path), filename: path };
      const constants = Object.entries(meta).map(([name, value]) => `const __meta_${name} = ${JSON.stringify(value)};`);
      return { contents: constants.join(" ") + source, loader: path.endsWith("ts") ? "ts" : "js" };
    });
  },
};

await build({
  absWorkingDir: root,
  entryPoints: [resolve(file)],
  outfile: program,
  bundle: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node20.19",
  sourcemap: "inline",
  define: {
    "import.meta.url": "__meta_url",
    "import.meta.dirname": "__meta_dirname",
    "import.meta.filename": "__meta_filename",
  },
  plugins: [ownMeta],
  logLevel: "warning",
}).catch(() => process.exit(1));

const child = spawn(process.execPath, ["--enable-source-maps", program, ...args], { stdio: "inherit" });
// A terminal sends Ctrl-C to both; the program decides how it ends, and this one ends as it does.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
