import { closest } from "fastest-levenshtein";
import { createRandom } from "../random.ts";
import type { FaultRequest } from "./fault.ts";
import { ActiveRule, FAULTS, type FaultRule, isFaultName } from "./rule.ts";

/** The grammar of `--faults` in a few lines, for help. */
export const FAULTS_GRAMMAR = `NAME[@TEXT][:WHEN]..., separated by commas
  @TEXT    only requests whose path and query contain TEXT, such as @/events
  :0.1     with this chance, from 0 to 1
  :once    the first time it can; :3x the first three times
  :at-5    only the 5th time it can; :from-5 the 5th time and ever after
Example: rate-limited:0.1,html-502@/events:once,unauthorized:from-20`;

/**
 * Rules from a text such as `rate-limited:0.1,reset@/events:3x`, see `FAULTS_GRAMMAR`. Throws a `RangeError` whose message
 * names the part that is wrong and what would be right.
 */
export function parseFaults(text: string): FaultRule[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(parseRule);
}

function parseRule(part: string): FaultRule {
  const [head = "", ...settings] = part.split(":");
  const mark = head.indexOf("@");
  const name = mark === -1 ? head : head.slice(0, mark);
  if (!isFaultName(name)) throw unknownName(name, part);
  const rule: FaultRule = { name };
  if (mark !== -1) rule.when = onPath(head.slice(mark + 1), part);
  for (const setting of settings) Object.assign(rule, parseSetting(setting, part));
  // What a rule cannot be is known there; its messages name the fault.
  new ActiveRule(rule, createRandom(0));
  return rule;
}

function parseSetting(setting: string, part: string): Partial<FaultRule> {
  if (setting === "once") return { times: 1 };
  const times = /^([1-9]\d{0,8})x$/.exec(setting);
  if (times !== null) return { times: Number(times[1]) };
  const at = /^(at|from)-([1-9]\d{0,8})$/.exec(setting);
  if (at !== null) return at[1] === "at" ? { from: Number(at[2]), times: 1 } : { from: Number(at[2]) };
  if (/^\d+(\.\d+)?$/.test(setting) && Number(setting) <= 1) return { rate: Number(setting) };
  throw new RangeError(
    `${JSON.stringify(setting)} in ${JSON.stringify(part)} must be a chance from 0 to 1, such as 0.1, or once, 3x, at-5 or from-5`,
  );
}

function onPath(text: string, part: string): (request: FaultRequest) => boolean {
  if (text === "") throw new RangeError(`a text must follow the @ in ${JSON.stringify(part)}, such as @/events`);
  return ({ url }) => url.includes(text);
}

function unknownName(name: string, part: string): RangeError {
  const within = name === part ? "" : ` in ${JSON.stringify(part)}`;
  const names = FAULTS.map((fault) => fault.name);
  return new RangeError(`there is no fault ${JSON.stringify(name)}${within}; the nearest is ${closest(name, names)}`);
}
