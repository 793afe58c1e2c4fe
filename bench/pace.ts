// How many requests a wait costs and how late it returns, held against looking at the Webset once a second.
// Time is simulated, so that many whole lives fit into a few seconds; the sandbox answers as it does over HTTP.
import { COUNTS, measurePace, WRONG_BY } from "./support/measure-pace.ts";
import { report } from "./support/report.ts";

const WORLDS = 400;

const paces = await measurePace(WORLDS);
const rows = Object.values(paces).flatMap(({ fixed, ours }) => [fixed, ours]);
report({
  name: "pace",
  what: `waiting for the searches of ${WORLDS} Websets of ${COUNTS.join(", ")} items, which are completed, or canceled when nobody foresees it; in simulated time, with estimates of the time left that are wrong by up to ${WRONG_BY} times`,
  columns: ["", "requests a wait", "delay median", "delay longest"],
  rows: rows.map(({ name, requests, delayMs, longestMs }) => [
    name,
    requests.toFixed(1),
    `${Math.round(delayMs)} ms`,
    `${Math.round(longestMs)} ms`,
  ]),
  measured: rows,
});
