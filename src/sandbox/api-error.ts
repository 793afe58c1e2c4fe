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

/** Exa's shape for errors. */
export function errorBody(status: number, message: string, timestamp: string, path: string) {
  return { error: STATUS_CODES[status] ?? "Error", message, statusCode: status, timestamp, path };
}
