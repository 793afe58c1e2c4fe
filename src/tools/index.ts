import type { Tool } from "./define.ts";
import { getWebsetEvent } from "./get-webset-event.ts";
import { getWebsetProgress } from "./get-webset-progress.ts";
import { listWebsetEvents } from "./list-webset-events.ts";
import { listWebsetItems } from "./list-webset-items.ts";
import { listWebsets } from "./list-websets.ts";
import { waitForWebset } from "./wait-for-webset.ts";
import { waitForWebsetEvent } from "./wait-for-webset-event.ts";

/** All tools, in the order in which they are listed. */
export const TOOLS: readonly Tool[] = [
  waitForWebset,
  waitForWebsetEvent,
  listWebsetEvents,
  getWebsetEvent,
  getWebsetProgress,
  listWebsets,
  listWebsetItems,
];
