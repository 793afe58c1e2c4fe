import type { EventType } from "../exa/event-types.ts";
import type { IdKind } from "./ids.ts";

/** What those who live in the world need of it. */
export interface Recorder {
  /** Makes an event of what just happened, with a copy of `data` as it is now. */
  record(type: EventType, data: unknown): unknown;
  /** An id of now. */
  newId(kind: IdKind): string;
  /** Milliseconds since 1970. */
  wallTime(): number;
  /** The same as ISO 8601. */
  timestamp(): string;
}
