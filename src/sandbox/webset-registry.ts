import { ApiError } from "./api-error.ts";
import { type Place, type Range, SortedList } from "./sorted-list.ts";
import type { WebsetState } from "./webset-state.ts";

/** The Websets there are. */
export class WebsetRegistry {
  readonly #all = new SortedList<WebsetState>();
  readonly #byId = new Map<string, WebsetState>();
  readonly #byExternalId = new Map<string, WebsetState>();

  has(idOrExternalId: string): boolean {
    return this.#byId.has(idOrExternalId) || this.#byExternalId.has(idOrExternalId);
  }

  hasExternalId(externalId: string): boolean {
    return this.#byExternalId.has(externalId);
  }

  /** Where a Webset stands in their list. */
  place(id: string): Place | undefined {
    return this.#byId.get(id);
  }

  add(state: WebsetState): void {
    this.#all.insert(state);
    this.#byId.set(state.id, state);
    if (state.webset.externalId !== null) this.#byExternalId.set(state.webset.externalId, state);
  }

  remove(state: WebsetState): void {
    this.#all.remove(state);
    this.#byId.delete(state.id);
    if (state.webset.externalId !== null) this.#byExternalId.delete(state.webset.externalId);
  }

  walk(range: Range): Generator<WebsetState> {
    return this.#all.walk(range);
  }

  /** `ApiError` 404 when there is none. */
  find(idOrExternalId: string): WebsetState {
    return this.#byId.get(idOrExternalId) ?? existing(this.#byExternalId.get(idOrExternalId), "Webset");
  }

  /** The same where only the id does. */
  findById(id: string): WebsetState {
    return existing(this.#byId.get(id), "Webset");
  }
}

/** What was found, or an `ApiError` 404. */
export function existing<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new ApiError(404, `${what} not found`);
  return found;
}
