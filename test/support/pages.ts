import type { HttpAnswer } from "../../src/exa/http.ts";

/** A page of the list of events as it goes over the wire. */
export interface WirePage {
  data: { id: string; createdAt: string; [field: string]: unknown }[];
  hasMore: boolean;
  nextCursor: string | null;
}

/** The same answer with another page in it. */
export function withPage(answer: HttpAnswer, change: (page: WirePage) => Partial<WirePage>): HttpAnswer {
  const page = JSON.parse(answer.body) as WirePage;
  return { ...answer, body: JSON.stringify({ ...page, ...change(page) }) };
}

/** An upstream's refusal, in words that mean nothing, or with a body of one's own. */
export function refusal(status: number, headers: Record<string, string> = {}, body?: object): HttpAnswer {
  const words = body ?? { error: "trouble", message: "trouble", statusCode: status };
  return { status, headers, body: JSON.stringify(words) };
}

/** What the API answers, by kind, where no request with this key can succeed any more. */
export const ACCOUNT_REFUSALS: readonly [string, HttpAnswer][] = [
  ["unauthorized", refusal(401)],
  ["unauthorized", refusal(400, {}, { requestId: "r", error: "x-api-key header is invalid" })],
  ["no_access", refusal(401, {}, { error: "Your team (Acme) does not have access to the API, upgrade to a Pro plan" })],
  ["out_of_credits", refusal(402, {}, { error: "No more credits", tag: "NO_MORE_CREDITS" })],
  ["out_of_credits", refusal(402, {}, { error: "Budget exceeded", tag: "TEAM_BUDGET_EXCEEDED" })],
];

/** The page of a gateway in front of the API. */
export function gatewayPage(status: number): HttpAnswer {
  return { status, headers: { "content-type": "text/html" }, body: "<html><body><h1>Denied</h1></body></html>" };
}

/** The same answer, where it is the last page of a list, as the API has been recorded to end one: with a promise and no cursor. */
export function promisingMore(answer: HttpAnswer): HttpAnswer {
  return answer.status === 200 && /"hasMore":false/.test(answer.body)
    ? { ...answer, body: answer.body.replace('"hasMore":false', '"hasMore":true') }
    : answer;
}
