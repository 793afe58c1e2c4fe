// node scripts/run.mjs scripts/update-event-data.ts: writes the schemas of events' data from Exa's OpenAPI file, and takes the examples
// from the sandbox. The difference is for the review.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventData } from "./support/event-data.ts";

const path = join(import.meta.dirname, "../src/resources/event-data.json");
writeFileSync(path, `${JSON.stringify(await eventData(), undefined, 1)}\n`);
console.log(`written: ${path}`);
