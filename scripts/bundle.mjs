import { build } from "esbuild";
import { manifest, root } from "./project.mjs";

/**
 * Bundles programs the one way this project does it; nothing is written to disk.
 * @param {Record<string, string>} entryPoints from the name in `outdir` (without `.js`) to the source file
 * @param {string} outdir where the files are going to be, which their source maps depend on
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
    sourcemap: "linked",
    define: {
      __VERSION__: JSON.stringify(manifest.version),
      __NODE_NEEDED__: JSON.stringify(manifest.engines.node.replace(">=", "")),
    },
    logLevel: "warning",
  });
}

/**
 * Makes a bundled program one that a shell can start. Its source map moves down by the line that is added.
 * @param {{ path: string, text: string }[]} files
 * @param {string} path the program
 * @returns {{ path: string, text: string }[]}
 */
export function withShebang(files, path) {
  if (files.some((file) => file.path === path && file.text.startsWith("#!"))) return files;
  return files.map((file) => {
    if (file.path === path) return { path, text: `#!/usr/bin/env node\n${file.text}` };
    if (file.path !== `${path}.map`) return file;
    const map = JSON.parse(file.text);
    return { path: file.path, text: JSON.stringify({ ...map, mappings: `;${map.mappings}` }) };
  });
}
