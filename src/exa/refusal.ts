import { type ErrorFacts, type ErrorKind, WebsetsError } from "../shared/errors.ts";
import type { HttpAnswer } from "./http.ts";
import { type Clocks, parseRetryAfter } from "./retry.ts";

/** What was asked for, in words for errors. */
export interface Subject {
  /** With its article if it has one: `event "evt_1"`, `the list of events`. */
  name: string;
  /** What to do when the API does not know it. */
  adviceIfMissing?: string;
}

/** The most we repeat of a message that somebody else wrote. */
const LONGEST_MESSAGE = 200;
/** Longer than any id in use; what is longer is no id. */
const LONGEST_REQUEST_ID = 128;

/**
 * Classifies an answer that is not 2xx. Its body is repeated only for 400 and 422, where it tells which parameter is wrong,
 * and only the `message` of Exa's documented error shape, shortened and without the key.
 */
export function refusalOf(answer: HttpAnswer, subject: Subject, apiKey: string, clocks: Clocks): WebsetsError {
  const { status, headers } = answer;
  const facts = (what: string): ErrorFacts => {
    const requestId = requestIdOf(answer, apiKey);
    const retryAfterMs = parseRetryAfter(headers["retry-after"], clocks);
    return {
      what: withoutKey(what, apiKey),
      status,
      ...(requestId !== undefined && { requestId }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  };
  const refusal = (kind: ErrorKind, what: string, advice?: string) =>
    new WebsetsError(kind, { ...facts(what), ...(advice !== undefined && { advice }) });

  switch (status) {
    case 400:
    case 422: {
      const message = messageOf(answer.body, apiKey);
      return refusal(
        "invalid_request",
        `the API refused the request for ${subject.name} (${status})${message === undefined ? "" : `: "${message}"`}`,
      );
    }
    case 401:
      return refusal("unauthorized", "the API does not accept the key in EXA_API_KEY (401)");
    case 403:
      return refusal("forbidden", `the API does not allow this key to read ${subject.name} (403)`);
    case 404:
      if (looksLikeHtml(answer)) break;
      return refusal("not_found", `the API does not know ${subject.name} (404)`, subject.adviceIfMissing);
    case 408:
      return refusal("unavailable", "the API timed out waiting for our request (408)");
    case 409:
      return refusal("invalid_request", `the request for ${subject.name} conflicts with the API's state (409)`);
    case 429:
      return refusal("rate_limited", "the API asks for fewer requests (429)");
  }
  if (status >= 500) return refusal("unavailable", `the API is not available at the moment (${status})`);
  if (status >= 300 && status < 400) {
    return refusal("unexpected_response", `the API answered with a redirect (${status}), which is not followed`);
  }
  return refusal(
    "unexpected_response",
    `the answer for ${subject.name} has the status ${status}, which the API does not use`,
  );
}

/** The `X-Request-Id` that Exa gives each answer, if it is one that may be shown. */
export function requestIdOf(answer: HttpAnswer, apiKey: string): string | undefined {
  const id = answer.headers["x-request-id"];
  if (id === undefined || id.length > LONGEST_REQUEST_ID || !/^[\x21-\x7e]+$/.test(id)) return undefined;
  return id.includes(apiKey) ? undefined : id;
}

/** A page of HTML never comes from the API itself, but from a gateway, or from another site under a wrong base URL. */
export function looksLikeHtml(answer: HttpAnswer): boolean {
  return /html/i.test(answer.headers["content-type"] ?? "") || /^\s*</.test(answer.body);
}

function messageOf(body: string, apiKey: string): string | undefined {
  let message: unknown;
  try {
    message = JSON.parse(body)?.message;
  } catch {
    return undefined;
  }
  const text = Array.isArray(message) ? message.filter((one) => typeof one === "string").join("; ") : message;
  if (typeof text !== "string") return undefined;
  const line = withoutKey(text.replace(/[\p{C}\p{Z}]+/gu, " "), apiKey).trim();
  // By code points: half a surrogate pair is not text.
  const points = Array.from(line);
  if (points.length === 0) return undefined;
  return points.length <= LONGEST_MESSAGE ? line : `${points.slice(0, LONGEST_MESSAGE - 1).join("")}…`;
}

function withoutKey(text: string, apiKey: string): string {
  return text.replaceAll(apiKey, "[key]");
}
