import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Some hosts are programs of 200 MB. */
const PATIENCE_MS = 300_000;

/**
 * Installs packages from the npm registry into a folder of their own, unless they are there, and returns their versions.
 * @param specs such as `ai@latest`, in the order in which the versions come back
 * @param node the Node they are for: npm passes over versions that it does not fit
 */
export async function install(folder: string, specs: readonly string[], node = process.execPath): Promise<string[]> {
  const marker = join(folder, "installed.json");
  if (!existsSync(marker) || JSON.stringify(specs) !== readFileSync(marker, "utf8")) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true }');
    const path = process.platform === "win32" ? "Path" : "PATH";
    await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...specs], {
      cwd: folder,
      env: {
        ...process.env,
        [path]: [dirname(node), process.env[path]].join(process.platform === "win32" ? ";" : ":"),
      },
      shell: process.platform === "win32",
      timeout: PATIENCE_MS,
    });
    writeFileSync(marker, JSON.stringify(specs));
  }
  return specs.map((spec) => {
    const name = spec.replace(/(?<=.)@.*/, "");
    return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
  });
}

/** Where npm has put a package's program. */
export function programIn(folder: string, name: string): string {
  return join(folder, "node_modules", ".bin", process.platform === "win32" ? `${name}.cmd` : name);
}
