import { isBuiltin } from "node:module";
import { build } from "esbuild";
import { manifest, root } from "./project.mjs";

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
 * Bundles programs the one way this project does it; nothing is written to disk. Without source maps, which would be three
 * quarters of what everybody downloads.
 * @param {Record<string, string>} entryPoints from the name in `outdir` (without `.js`) to the source file
 * @param {string} outdir where the files are going to be
 */
export function bundle(entryPoints, outdir) {
  return build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    chunkNames: "chunks/[name]-[hash]",
    // Less to read for whoever starts it. Names stay, for they stand in the stack of a fault that nobody foresaw.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [builtinsForCommonJs],
    define: {
      __VERSION__: JSON.stringify(manifest.version),
      __NODE_NEEDED__: JSON.stringify(manifest.engines.node.replace(">=", "")),
    },
    logLevel: "warning",
  });
}
