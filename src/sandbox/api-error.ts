import { STATUS_CODES } from "node:http";

/** An answer of the API that is not a success. */
export class ApiError extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.headers = headers;
  }
}

/** What stands before the API itself refuses: about keys, plans and credits. Its answers have a shape of their own. */
export class AccessError extends ApiError {
  readonly tag: string | undefined;

  constructor(status: number, message: string, tag?: string) {
    super(status, message);
    this.name = "AccessError";
    this.tag = tag;
  }
}

/** Recorded, in November 2025. */
export const WRONG_KEY = new AccessError(400, "x-api-key header is invalid");

/** Where and when it happened, for the body of an error. */
export interface ErrorScene {
  /** ISO 8601. */
  timestamp: string;
  /** As it was asked for, without its query. */
  path: string;
  requestId: string;
}

/** The body of an error, in the one or the other of Exa's two shapes. */
export function errorBody(error: ApiError, { timestamp, path, requestId }: ErrorScene): Record<string, unknown> {
  if (error instanceof AccessError) {
    return { requestId, error: error.message, ...(error.tag !== undefined && { tag: error.tag }) };
  }
  const { status, message } = error;
  // Behind what stands before it, the API has its paths without the first part.
  const inner = path.replace(/^\/websets(?=\/)/, "");
  return { statusCode: status, timestamp, message, error: STATUS_CODES[status] ?? "Error", path: inner };
}
