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

/** An upstream's refusal. */
export function refusal(status: number, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers, body: JSON.stringify({ error: "trouble", message: "trouble", statusCode: status }) };
}
