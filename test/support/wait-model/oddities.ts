import type { HttpAnswer } from "../../../src/exa/http.ts";
import { orAbort } from "../../../src/shared/abort.ts";
import type { Spoil } from "../feed-world.ts";
import { refusal } from "../pages.ts";
import type { Life, Path } from "./scenario.ts";

/** Answers of one path that are wrong come at least so far apart, in milliseconds: the second is believed. */
const APART_MS = 6_000;
const HOUR_MS = 3_600_000;
/** As two backends were found to be. */
const SECOND_CLOCK_MS = -9_000;

const OUT_OF_CREDITS = refusal(402, {}, { error: "No more credits", tag: "NO_MORE_CREDITS" });

/** Whether a path cannot be read at a `clock.now()`. */
export function isDown({ path, from, to = Number.POSITIVE_INFINITY }: NonNullable<Life["down"]>, of: Path, at: number) {
  return (path === of || path === "both") && at >= from && at < to;
}

/** What a life has that no single fault of the sandbox is: answers and dates that are wrong now and then, and paths that are down. */
export function odditiesOf({ odd, down, dates }: Life, now: () => number): Spoil {
  const owed = odd.toSorted((a, b) => a.at - b.at);
  const lastAt: Record<Path, number> = { events: -APART_MS, state: -APART_MS };
  let answers = 0;
  const dated = (answer: HttpAnswer): HttpAnswer => {
    const number = answers++;
    // The first answers decide most.
    const isOff = number % 40 === 1;
    const off =
      dates === "two clocks"
        ? (number % 2) * SECOND_CLOCK_MS
        : isOff && dates === "one ahead"
          ? HOUR_MS
          : isOff && dates === "one behind"
            ? -HOUR_MS
            : 0;
    const { date } = answer.headers;
    if (off === 0 || date === undefined) return answer;
    return { ...answer, headers: { ...answer.headers, date: new Date(Date.parse(date) + off).toUTCString() } };
  };
  return async ({ url, signal }, next) => {
    const path = url.pathname.endsWith("/events") ? "events" : "state";
    if (url.pathname.endsWith("/items")) return next();
    if (down !== undefined && isDown(down, path, now())) {
      if (down.status !== "silent") return down.status === 402 ? OUT_OF_CREDITS : refusal(down.status);
      return orAbort(new Promise<HttpAnswer>(() => {}), signal);
    }
    const index = owed.findIndex((one) => one.path === path && one.at <= now() && now() - lastAt[path] >= APART_MS);
    if (index === -1) return dated(await next());
    lastAt[path] = now();
    const [one] = owed.splice(index, 1);
    return refusal(one?.status ?? 404);
  };
}
