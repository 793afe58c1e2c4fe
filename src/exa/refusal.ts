import { type ErrorKind, WebsetsError } from "../shared/errors.ts";
import type { Redact } from "../shared/redact.ts";
import { plainText } from "../shared/text.ts";
import type { HttpAnswer } from "./http.ts";
import { type Clocks, parseRetryAfter } from "./retry.ts";

/** What was asked for, in words for errors. */
export interface Subject {
  /** With its article if it has one: `event "evt_1"`, `the list of events`. */
  name: string;
  /** What to do when the API does not know it. */
  adviceIfMissing?: string;
  /** Whether it is a list that every account has. */
  isList?: boolean;
  /** Where it was asked. */
  url: URL;
}

/** What Exa's own errors say, in either of their two shapes. */
interface Words {
  /** One line, without the key and without double quotes, so that it can be quoted. */
  sentence: string | undefined;
  /** `NO_MORE_CREDITS` and the like. */
  tag: string | undefined;
}

/** The most we repeat of a message that somebody else wrote. */
const LONGEST_MESSAGE = 200;
/** Longer than any id in use; what is longer is no id. */
const LONGEST_REQUEST_ID = 128;
/** As in DNS. */
const LONGEST_HOST = 253;

/** The tags of a 402, by the API's documentation; others may come. */
const USED_UP: Readonly<Record<string, (key: string) => string>> = {
  API_KEY_BUDGET_EXCEEDED: (key) => `the budget of ${key} is used up`,
  TEAM_BUDGET_EXCEEDED: () => "the budget of the team behind the key is used up",
};

/** What a key is called where it is told of, and what to do about one that is not accepted: it depends on who sets it. */
export interface KeyWords {
  name: string;
  advice?: string;
}

const IN_ENVIRONMENT: KeyWords = { name: "the key in EXA_API_KEY" };

/** The 4xx that say something about the request, by the API's documentation and as recorded. */
const DOCUMENTED: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 409, 422]);

/**
 * Nothing but the sentence tells these apart, for the API has no code for them: recorded are "x-api-key header is invalid" under
 * 400, and reported are sentences such as "Your team (NAME) does not have access to the API, upgrade to a Pro plan" under 401.
 */
const ABOUT_KEY = /\bapi[-_ ]?key\b/i;
const ABOUT_PLAN = /\b(?:plans?|upgrade|subscription|have access)\b/i;

const GATEWAY_ADVICE =
  "A proxy, a firewall or a gateway on the way has answered in its place, which says nothing about the key: call again in a moment; if it stays, look at the network this server runs in.";

/**
 * Classifies an answer that is not 2xx. Of a body only the sentence of Exa's own error shapes is ever repeated, shortened and
 * without the key, and only where it tells what else nobody could know: which parameter is wrong, or what the plan lacks. A 4xx in
 * neither shape is not the API's word, for gateways in front of it answer with the same statuses.
 */
export function refusalOf(
  answer: HttpAnswer,
  subject: Subject,
  redact: Redact,
  clocks: Clocks,
  key = IN_ENVIRONMENT,
): WebsetsError {
  const { status, headers } = answer;
  const words = wordsOf(answer, redact);
  const { sentence = "", tag } = words ?? {};
  const requestId = requestIdOf(answer, redact);
  const retryAfterMs = parseRetryAfter(headers["retry-after"], clocks);
  const refusal = (kind: ErrorKind, what: string, advice?: string) =>
    new WebsetsError(kind, {
      ...{ what: redact(what), status, tag, requestId, retryAfterMs, advice },
      isAboutList: subject.isList,
    });

  if (status === 408) return refusal("unavailable", "the API timed out waiting for our request (408)");
  if (status === 429) return refusal("rate_limited", "the API asks for fewer requests (429)");
  if (status >= 500) return refusal("unavailable", `the API is not available at the moment (${status})`);
  if (status >= 300 && status < 400 && status !== 304) {
    const to = redirectedTo(answer, subject.url);
    return refusal("unexpected_response", `the API answered with a redirect${to} (${status}), which is not followed`);
  }
  if (!DOCUMENTED.has(status)) {
    const what = `the answer for ${subject.name} has the status ${status}, which the API does not use`;
    return refusal("unexpected_response", what);
  }
  // Nothing else on the way asks for money.
  if (words === undefined && (status !== 402 || looksLikeHtml(answer))) {
    const form = looksLikeHtml(answer) ? "is a page of HTML" : "does not have the form of the API's errors";
    const what = `the answer for ${subject.name} has the status ${status} and ${form}`;
    return refusal("unexpected_response", what, GATEWAY_ADVICE);
  }
  const quoted = sentence && `: "${sentence}"`;
  const number = tag === undefined ? `${status}` : `${status}, ${tag}`;
  if (status === 401 && ABOUT_PLAN.test(sentence)) {
    return refusal("no_access", `the API gives this key no access (${number})${quoted}`);
  }
  if (status === 401 || (status === 400 && ABOUT_KEY.test(sentence))) {
    return refusal("unauthorized", `the API does not accept ${key.name} (${number})`, key.advice);
  }
  switch (status) {
    case 402:
      return refusal(
        "out_of_credits",
        `${USED_UP[tag ?? ""]?.(key.name) ?? "the account behind the key is out of credits"} (${number})`,
      );
    case 403:
      return refusal("forbidden", `the API does not allow this key to read ${subject.name} (${number})`);
    case 404:
      return refusal("not_found", `the API does not know ${subject.name} (${number})`, subject.adviceIfMissing);
    case 409:
      return refusal("invalid_request", `the request for ${subject.name} conflicts with the API's state (${number})`);
    default:
      return refusal("invalid_request", `the API refused the request for ${subject.name} (${number})${quoted}`);
  }
}

/** Where a redirect points, as far as it may be told: its path and query may hold anything. */
function redirectedTo({ headers: { location } }: HttpAnswer, from: URL): string {
  const to = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to === undefined || to.host === "") return "";
  return to.host === from.host ? " on the same host" : ` to ${plainText(to.host, LONGEST_HOST)}`;
}

/** The id that Exa gives a request, in the body of errors or as `X-Request-Id`, if it is one that may be shown. */
export function requestIdOf(answer: HttpAnswer, redact: Redact): string | undefined {
  const id = answer.headers["x-request-id"] ?? fieldsOf(answer.body)?.requestId;
  if (typeof id !== "string" || id.length > LONGEST_REQUEST_ID || !/^[\x21-\x7e]+$/.test(id)) return undefined;
  return redact(id) === id ? id : undefined;
}

/** A page of HTML never comes from the API itself, but from a gateway, or from another site under a wrong base URL. */
export function looksLikeHtml(answer: HttpAnswer): boolean {
  return /html/i.test(answer.headers["content-type"] ?? "") || /^\s*</.test(answer.body);
}

/** What an error says: `message` where there is one, or else `error`; undefined for a body that is none of Exa's. */
function wordsOf({ body }: HttpAnswer, redact: Redact): Words | undefined {
  const { message, error, tag } = fieldsOf(body) ?? {};
  const text = Array.isArray(message) ? message.filter((one) => typeof one === "string").join("; ") : message;
  const sentence = [text, error].map((one) => lineOf(one, redact)).find((line) => line !== "");
  const word = typeof tag === "string" && /^\w{1,60}$/.test(tag) ? tag : undefined;
  return sentence === undefined && word === undefined ? undefined : { sentence, tag: word };
}

function lineOf(text: unknown, redact: Redact): string {
  if (typeof text !== "string") return "";
  return plainText(redact(text).replaceAll('"', "'"), LONGEST_MESSAGE);
}

function fieldsOf(body: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
