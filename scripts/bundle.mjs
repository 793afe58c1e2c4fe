import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { basename, join } from "node:path";
import { build, transform } from "esbuild";
import { manifest, root } from "./project.mjs";

/** What a host starts with: the only files whose `import()`s become files of their own. */
const [ENTRY, MAIN] = ["src/cli/entry.ts", "src/cli/main.ts"];

/** @type {import("esbuild").BuildOptions & { write: false, metafile: true }} */
const COMMON = {
  absWorkingDir: root,
  write: false,
  metafile: true,
  bundle: true,
  platform: "node",
  target: "node20.19",
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

/**
 * Bundles the program; nothing is written to disk. Without source maps, which would be three quarters of what everybody downloads.
 *
 * The server is one file of CommonJS, which starts a sixth faster than the same as modules. What only commands for people need stands
 * beside it, as modules, and is loaded when one of them runs. The two share no object: each has its own copy of what both need.
 * @param {string} outdir where the files are going to be
 */
export async function bundle(outdir) {
  /** @type {Map<string, string>} by the name of its bundle, what is loaded only when it is needed */
  const lazy = new Map();
  /** @type {import("esbuild").Plugin} */
  const apart = {
    name: "apart",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ kind, importer, path, resolveDir }) => {
        if (kind === "require-call" && importer === join(root, ENTRY)) return { path: "./main.js", external: true };
        if (kind !== "dynamic-import" || ![ENTRY, MAIN].some((file) => importer === join(root, file))) return undefined;
        const name = basename(path, ".ts");
        lazy.set(name, join(resolveDir, path));
        return { path: `./commands/${name}.mjs`, external: true };
      });
    },
  };
  const entry = await build({
    ...COMMON,
    entryPoints: { cli: ENTRY },
    outdir,
    format: "cjs",
    plugins: [apart],
  });
  const server = await build({
    ...COMMON,
    entryPoints: { main: MAIN },
    outdir,
    format: "cjs",
    plugins: [apart, shortened],
    define: { ...COMMON.define, __LISTED_TOOLS__: await listedTools() },
  });
  const commands = await build({
    ...COMMON,
    entryPoints: Object.fromEntries(lazy),
    outdir: join(outdir, "commands"),
    format: "esm",
    plugins: [builtinsForCommonJs, shortened],
    splitting: true,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
  });
  return [entry, server, commands];
}

/** What `tools/list` answers, as JSON. */
async function listedTools() {
  const { outputFiles } = await build({ ...COMMON, entryPoints: ["src/tools/mount.ts"], format: "esm" });
  const { describeTools } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? "")}`);
  return JSON.stringify(describeTools());
}

/** What tells Node that the files in `dist/` are CommonJS, whatever the project's own package.json says. */
export const DIST_MANIFEST = `${JSON.stringify({ type: "commonjs" })}\n`;
