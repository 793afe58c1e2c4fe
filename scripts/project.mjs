import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The folder that holds package.json. */
export const root = resolve(import.meta.dirname, "..");

/** What the scripts leave behind for next time; `npm ci` throws it away. */
export const cache = join(root, "node_modules", ".cache", "websets-events-mcp");

/** @type {{ name: string, version: string, engines: { node: string } }} */
export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
