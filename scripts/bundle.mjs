import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { build, transform } from "esbuild";
import { manifest, root } from "./project.mjs";

const TARGET = "node20.19";

/** @type {import("esbuild").BuildOptions & { write: false, metafile: true }} */
const COMMON = {
  absWorkingDir: root,
  write: false,
  metafile: true,
  bundle: true,
  platform: "node",
  target: TARGET,
  minifyWhitespace: true,
  minifySyntax: true,
  define: {
    __VERSION__: JSON.stringify(manifest.version),
    __NODE_NEEDED__: JSON.stringify(manifest.engines.node.replace(">=", "")),
  },
  logLevel: "warning",
};

/**
 * Shortens the names in other people's code: that is a third of what has to be read at every start. Ours keep theirs, for they stand
 * in the stack of a fault that nobody foresaw.
 * @type {import("esbuild").Plugin}
 */
const shortened = {
  name: "shortened",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.m?js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      // What is no module keeps the names that others may call it by.
      if (!/^export\b/m.test(source)) return undefined;
      const { code } = await transform(source, { minifyIdentifiers: true, format: "esm" });
      return { contents: code, loader: "js" };
    });
  },
};

/**
 * Lets packages in CommonJS have Node's own modules: an ES module has no `require`, with which esbuild would ask for them.
 * @type {import("esbuild").Plugin}
 */
const builtinsForCommonJs = {
  name: "builtins-for-commonjs",
  setup({ onResolve, onLoad }) {
    const namespace = "builtin";
    onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === "require-call" && isBuiltin(path) ? { path, namespace } : undefined,
    );
    onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }));
  },
};

/** What `src/cli/entry.ts` chooses from, by how the program was started: for a host, or for people. */
const [FOR_HOSTS, FOR_PEOPLE] = ["src/cli/main.ts", "src/cli/people.ts"];

/**
 * Keeps what a host starts with together. esbuild makes one file of what the same parts of the program need: that would be thirty files, and
 * each costs a third of a millisecond. So every part that is loaded later says that it needs all of what a host starts with. What only people
 * need stays free of it, for they wait for the help, too.
 * @type {import("esbuild").Plugin}
 */
const together = {
  name: "together",
  setup({ onResolve, onLoad }) {
    const namespace = "part";
    onResolve({ filter: /^\..*\.ts$/ }, ({ path, kind, resolveDir }) => {
      const part = relative(root, join(resolveDir, path)).replaceAll("\\", "/");
      if (kind !== "dynamic-import" || part === FOR_HOSTS || part === FOR_PEOPLE) return undefined;
      return { path: part, namespace };
    });
    onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `import "./${FOR_HOSTS}"; export * from "./${path}";`,
      resolveDir: root,
    }));
  },
};

/**
 * Leaves out the SDK's checks of what people fill in: the server asks nobody to, and Ajv, which it would make ready at every start, is a fifth
 * of what a host starts with.
 * @type {import("esbuild").Plugin}
 */
const withoutAjv = {
  name: "without-ajv",
  setup({ onResolve, onLoad }) {
    const namespace = "without-ajv";
    onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, ({ path }) => ({ path, namespace }));
    onLoad({ filter: /./, namespace }, () => ({
      contents: `
        export { default as process } from "node:process";
        export class DefaultJsonSchemaValidator {
          getValidator() {
            throw new Error("what checks JSON Schemas is not in this bundle");
          }
        }`,
    }));
  },
};

/**
 * Bundles the program; nothing is written to disk. Without source maps, which would be three quarters of what everybody downloads.
 *
 * What only some commands need stands in files of its own, and is loaded when one of them runs. All of it is CommonJS, which starts a
 * sixth faster than the same as modules; esbuild parts only modules, so each file is made CommonJS after that.
 * @param {string} outdir where the files are going to be
 */
export async function bundle(outdir) {
  const { outputFiles, metafile } = await build({
    ...COMMON,
    entryPoints: { cli: "src/cli/entry.ts" },
    outdir,
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    plugins: [builtinsForCommonJs, shortened, together, withoutAjv],
    define: { ...COMMON.define, __LISTED_TOOLS__: JSON.stringify(await listedTools()) },
  });
  const files = outputFiles.map(async ({ path, text }) => {
    const { code } = await transform(text, {
      format: "cjs",
      // Without the list of its exports that ES modules read.
      platform: "neutral",
      target: TARGET,
      minifyWhitespace: true,
      // `import()` of CommonJS would first search all of it for exports, which takes longer than running it.
      supported: { "dynamic-import": false },
    });
    return { path, text: code };
  });
  return { files: await Promise.all(files), metafile };
}

/** What `tools/list` answers, as JSON. */
async function listedTools() {
  const { outputFiles } = await build({ ...COMMON, entryPoints: ["src/tools/mount.ts"], format: "esm" });
  const { describeTools } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? "")}`);
  return JSON.stringify(describeTools());
}

/** What tells Node that the files in `dist/` are CommonJS, whatever the project's own package.json says. */
export const DIST_MANIFEST = `${JSON.stringify({ type: "commonjs" })}\n`;
