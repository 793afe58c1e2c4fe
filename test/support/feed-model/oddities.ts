import type { HttpAnswer } from "../../../src/exa/http.ts";
import type { Spoil } from "../feed-world.ts";
import { refusal } from "../pages.ts";
import type { Upstream } from "./scenario.ts";

/** So far apart, in milliseconds, come answers that are wrong: the second of two in a row is believed. */
const APART_MS = 8_000;
/**
 * What two of few answers agree on counts as the time of a slower server: of wrong ones that are behind one comes in a minute, which
 * is what is judged, for a program that was just started hears few.
 */
const BEHIND_APART_MS = 61_000;
/** One answer of so many tells another time, and where there are two servers, the second one answers. */
const ONE_OF = 40;

export interface Oddities {
  spoil: Spoil;
  /** Nothing odd comes any more; of two servers, both go on. */
  clear(): void;
}

/** Refusals that are accidents, and times that are wrong now and then. */
export function odditiesOf({ odd, clocks }: Pick<Upstream, "odd" | "clocks">, now: () => number): Oddities {
  const owed = odd.toSorted((a, b) => a.at - b.at);
  let lastAt = -APART_MS;
  let answers = 0;
  let offAt = Number.NEGATIVE_INFINITY;
  let isClear = false;
  const dated = (answer: HttpAnswer): HttpAnswer => {
    const number = answers++;
    const apartMs = clocks.kind === "one" && clocks.offMs < 0 ? BEHIND_APART_MS : 0;
    const isItsTurn =
      clocks.kind === "two"
        ? clocks.heard === "other" || number % 2 === 1
        : !isClear && number % ONE_OF === clocks.first;
    const { date } = answer.headers;
    if (!isItsTurn || date === undefined || now() - offAt < apartMs) return answer;
    offAt = now();
    return { ...answer, headers: { ...answer.headers, date: new Date(Date.parse(date) + clocks.offMs).toUTCString() } };
  };
  const spoil: Spoil = async (_, next) => {
    const [first] = owed;
    if (isClear || first === undefined || first.at > now() || now() - lastAt < APART_MS) return dated(await next());
    lastAt = now();
    owed.shift();
    return refusal(first.status, {}, { statusCode: first.status, message: "No", error: "No" });
  };
  return {
    spoil,
    clear: () => {
      isClear = true;
    },
  };
}
