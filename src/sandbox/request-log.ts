export interface LoggedRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: string;
  /** Method and path with names for ids, such as `GET /websets/v0/events/:id`. */
  route: string;
  /** When it arrived, in milliseconds since 1970. */
  time: number;
}

/** At most this many requests are kept in full; the counts go on. */
const KEPT = 1_000;

/** The requests that reached the API. The sandbox's own control paths are not counted. */
export class RequestLog {
  readonly #latest: LoggedRequest[] = [];
  readonly #counts = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** The latest thousand, oldest first. */
  get latest(): readonly LoggedRequest[] {
    return this.#latest;
  }

  /** How many there were of each route since the start. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  add(request: LoggedRequest): void {
    this.#total++;
    this.#counts.set(request.route, (this.#counts.get(request.route) ?? 0) + 1);
    this.#latest.push(request);
    if (this.#latest.length > KEPT) this.#latest.shift();
  }
}
