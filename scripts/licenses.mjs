import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./project.mjs";

const PACKAGE = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//;
/** How a package that was itself bundled marks what it took from others (rolldown's comments, pnpm's folders). */
const TAKEN_IN = /^\/\/#region .*\/\.pnpm\/[^/]*?@(\d[^/_]*)[^/]*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//gm;

/**
 * The licenses of everything that a bundle contains, for the file that goes with it. Throws when a package brings no
 * license text, so that nothing is shipped without one.
 * @param {import("esbuild").Metafile} metafile
 */
export function thirdPartyLicenses(metafile) {
  /** @type {Map<string, string>} */
  const sections = new Map();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = PACKAGE.exec(path)?.[1];
      if (name === undefined || bytesInOutput === 0) continue;
      const folder = join(root, path.slice(0, path.lastIndexOf(`node_modules/${name}/`)), "node_modules", name);
      add(folder, name);
      for (const [, version, inner] of readFileSync(join(root, path), "utf8").matchAll(TAKEN_IN)) {
        // The text comes from the installed package; its version is the one that was taken in.
        if (inner !== undefined) add(join(root, "node_modules", inner), inner, version, name);
      }
    }
  }
  return [...sections.keys()]
    .sort()
    .map((heading) => `${heading}\n\n${sections.get(heading)}\n`)
    .join(`\n${"-".repeat(80)}\n\n`);

  /**
   * @param {string} folder
   * @param {string} name
   * @param {string} [version]
   * @param {string} [within]
   */
  function add(folder, name, version, within) {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const heading = `${name} ${version ?? manifest.version} (${manifest.license})${within === undefined ? "" : `, in ${within}`}`;
    if (!sections.has(heading)) sections.set(heading, licenseText(folder, name));
  }
}

/**
 * @param {string} folder
 * @param {string} name
 */
function licenseText(folder, name) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i.test(file));
  const text = files.map((file) => readFileSync(join(folder, file), "utf8").trim()).join("\n\n");
  if (text === "") throw new Error(`${name} is bundled but brings no license text: nothing may be shipped without one`);
  return text.replaceAll("\r\n", "\n");
}
