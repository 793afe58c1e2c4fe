import { ApiError } from "./api-error.ts";
import type { ImportParameters, ImportUpdate, WebsetParameters } from "./bodies.ts";
import type { Recorder } from "./event-log.ts";
import type { Random } from "./random.ts";
import { type Entity, IMPORT_FAILURES, type ImportFailure, snapshot, type WebsetImport } from "./resources.ts";
import type { Appointment, Timeline } from "./schedule.ts";
import { type Place, type Range, SortedList } from "./sorted-list.ts";
import { existing, type WebsetRegistry } from "./websets.ts";

interface ImportState extends Place {
  readonly resource: WebsetImport;
  readonly identifier: number | undefined;
  /** Whether its file is there. */
  uploaded: boolean;
  /** The step that comes next. */
  next: Appointment | undefined;
  readonly whenFinished: (() => void)[];
}

/** As recorded: it counts as being processed right after its creation, and no upload matters for that. */
const PENDING_MS = { low: 200, high: 350 };
/** Without an upload by then, the sandbox goes on as if a good file had come: most who try it have none at hand. */
const UPLOAD_AWAITED_MS = 2_000;
/** With the time for the upload 5 to 12 s, as recorded. */
const PROCESSING_MS = { low: 3_500, high: 10_000 };
/** "The upload URL will be valid for 1 hour", says the OpenAPI file. */
const UPLOAD_VALID_MS = 3_600_000;

/** How an import ends. */
type Verdict = { count: number } | { reason: ImportFailure } | "canceled";

const FAILURES: Record<ImportFailure, string> = {
  invalid_format: "The file is not a CSV file",
  invalid_file_content: "The file has no records, or records with more cells than the first line has names",
  missing_identifier: "No column has the address of every record",
};

/** Imports: a file is awaited, then processed, and every end is told by import.completed. */
export class Imports {
  readonly #recorder: Recorder;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #all = new SortedList<ImportState>();
  readonly #byId = new Map<string, ImportState>();

  constructor(recorder: Recorder, timeline: Timeline, random: Random) {
    this.#recorder = recorder;
    this.#timeline = timeline;
    this.#random = random;
  }

  /** With a reason for failure or `canceled` as `metadata.sandboxOutcome`, it ends so, whatever is uploaded. */
  create(parameters: ImportParameters): WebsetImport {
    const { entity, count, title, csv, metadata } = parameters;
    const name = title ?? `Import of ${count} records`;
    const state = this.#begin("csv", { entity, count, title: name, metadata: metadata ?? {} }, csv?.identifier);
    this.#timeline.after(this.#random.between(PENDING_MS.low, PENDING_MS.high), () => this.#setProcessing(state));
    state.next = this.#timeline.after(UPLOAD_AWAITED_MS, () => this.#process(state, { count }));
    return snapshot(state.resource);
  }

  /** Imports the items of a Webset; there is nothing to wait for. */
  ofWebset(websetId: string, entity: Entity | null, count: number): WebsetImport {
    const title = `Items of ${websetId}`;
    const state = this.#begin("webset", { entity, count, title, metadata: {} }, undefined);
    this.#process(state, { count });
    return state.resource;
  }

  get(id: string): WebsetImport {
    return snapshot(this.#find(id).resource);
  }

  /** The import itself and not a copy, for a Webset that lists it. */
  shared(id: string): WebsetImport {
    return this.#find(id).resource;
  }

  place(id: string): Place | undefined {
    return this.#byId.get(id);
  }

  *list(range: Range) {
    for (const { time, id, resource } of this.#all.walk(range)) yield { time, id, import: resource };
  }

  update(id: string, { title, metadata }: ImportUpdate): WebsetImport {
    const { resource } = this.#find(id);
    if (title !== undefined) resource.title = title;
    if (metadata !== undefined) resource.metadata = { ...metadata };
    resource.updatedAt = this.#recorder.timestamp();
    return snapshot(resource);
  }

  /** The import as it was at last. The API has no event for that; Websets that list it go on doing so. */
  delete(id: string): WebsetImport {
    const state = this.#find(id);
    this.#stop(state);
    this.#all.remove(state);
    this.#byId.delete(id);
    return snapshot(state.resource);
  }

  /** What the upload URL takes: the file, once, and not too late. */
  upload(id: string, text: string): WebsetImport {
    const state = this.#find(id);
    if (state.uploaded || isFinished(state.resource)) throw new ApiError(409, `Import ${id} has its file already`);
    this.#process(state, checkCsv(text, state.identifier));
    return snapshot(state.resource);
  }

  uploadValidUntil({ createdAt }: WebsetImport): string {
    return new Date(Date.parse(createdAt) + UPLOAD_VALID_MS).toISOString();
  }

  /** Ends an import that is not finished yet. `ApiError` 409 for one that is. */
  fail(id: string, reason: ImportFailure): WebsetImport {
    const state = this.#find(id);
    if (isFinished(state.resource)) throw new ApiError(409, `Import ${id} is ${state.resource.status} already`);
    this.#finish(state, { reason });
    return snapshot(state.resource);
  }

  /** Calls back as soon as the import is finished or deleted; false and no call when it is already. */
  whenFinished(id: string, call: () => void): boolean {
    const state = this.#find(id);
    if (isFinished(state.resource)) return false;
    state.whenFinished.push(call);
    return true;
  }

  #begin(
    format: WebsetImport["format"],
    given: Pick<WebsetImport, "entity" | "count" | "title" | "metadata">,
    identifier: number | undefined,
  ): ImportState {
    const now = this.#recorder.timestamp();
    const id = this.#recorder.newId("import");
    const resource: WebsetImport = {
      id,
      object: "import",
      status: "pending",
      format,
      ...given,
      failedReason: null,
      failedAt: null,
      failedMessage: null,
      createdAt: now,
      updatedAt: now,
    };
    const state = {
      time: Date.parse(now),
      id,
      resource,
      identifier,
      uploaded: false,
      next: undefined,
      whenFinished: [],
    };
    this.#all.insert(state);
    this.#byId.set(id, state);
    this.#recorder.record("import.created", resource);
    return state;
  }

  #setProcessing({ resource }: ImportState): void {
    if (resource.status !== "pending") return;
    resource.status = "processing";
    resource.updatedAt = this.#recorder.timestamp();
  }

  #process(state: ImportState, verdict: Verdict): void {
    const wanted = wantedVerdict(state.resource);
    state.uploaded = true;
    this.#setProcessing(state);
    if (state.next !== undefined) this.#timeline.cancel(state.next);
    const duration = this.#random.between(PROCESSING_MS.low, PROCESSING_MS.high);
    state.next = this.#timeline.after(duration, () => this.#finish(state, wanted ?? verdict));
  }

  #finish(state: ImportState, verdict: Verdict): void {
    const { resource } = state;
    const now = this.#recorder.timestamp();
    resource.updatedAt = now;
    if (verdict === "canceled") {
      resource.status = "canceled";
    } else if ("reason" in verdict) {
      resource.status = "failed";
      resource.failedReason = verdict.reason;
      resource.failedAt = now;
      resource.failedMessage = FAILURES[verdict.reason];
    } else {
      resource.status = "completed";
      resource.count = verdict.count;
    }
    this.#recorder.record("import.completed", resource);
    this.#stop(state);
  }

  #stop(state: ImportState): void {
    if (state.next !== undefined) this.#timeline.cancel(state.next);
    state.next = undefined;
    for (const call of state.whenFinished.splice(0)) call();
  }

  #find(id: string): ImportState {
    return existing(this.#byId.get(id), "Import");
  }
}

function wantedVerdict({ metadata: { sandboxOutcome } }: WebsetImport): Verdict | undefined {
  if (sandboxOutcome === "canceled") return sandboxOutcome;
  const reason = IMPORT_FAILURES.find((one) => one === sandboxOutcome);
  return reason && { reason };
}

function isFinished({ status }: WebsetImport): boolean {
  return status !== "pending" && status !== "processing";
}

/**
 * The imports that a new Webset is to list. `ApiError` 404 for a source that does not exist, 400 for an import that its
 * search is confined to as well, which the API's OpenAPI file rules out.
 */
export function importsFor(
  { import: sources = [], search }: WebsetParameters,
  imports: Imports,
  websets: WebsetRegistry,
): WebsetImport[] {
  const scope = new Set(search?.scope?.filter(({ source }) => source === "import").map(({ id }) => id));
  // All of them are looked up before any is begun: a Webset that is refused leaves nothing behind.
  const found = sources.map(({ source, id }) => {
    if (source === "webset") return { webset: websets.find(id) };
    if (scope.has(id)) throw new ApiError(400, `import ${id} cannot be in search.scope, too`);
    return { resource: imports.shared(id) };
  });
  return found.map(({ webset, resource }) => {
    if (webset === undefined) return resource;
    const entity = webset.webset.searches.at(-1)?.entity ?? null;
    return imports.ofWebset(webset.id, entity, webset.items.length);
  });
}

/** What came out of looking at an uploaded file. */
export type CsvVerdict = { count: number } | { reason: ImportFailure };

/** Files of other kinds betray themselves by how they begin. */
const OTHER_FORMATS = /^(\uFEFF?\s*[[{<]|PK|%PDF)/;
const ADDRESS = /^(https?:\/\/)?([\w-]+\.)+[a-z]{2,}(\/\S*)?$/i;

/**
 * Looks at a CSV file as an import does: a line of names and at least one record, each with an address in the column
 * `identifier`, or without that in any one column.
 */
function checkCsv(text: string, identifier?: number): CsvVerdict {
  if (OTHER_FORMATS.test(text) || text.includes("\0")) return { reason: "invalid_format" };
  const [header, ...records] = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map(cells);
  if (header === undefined || records.length === 0) return { reason: "invalid_file_content" };
  if (records.some((record) => record.length > header.length)) return { reason: "invalid_file_content" };
  const columns = identifier === undefined ? header.keys() : [identifier];
  for (const column of columns) {
    if (records.every((record) => ADDRESS.test(record[column] ?? ""))) return { count: records.length };
  }
  return { reason: "missing_identifier" };
}

/** The cells of one line. Line breaks within quotes are beyond a sandbox. */
function cells(line: string): string[] {
  const found = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return Array.from(found, ([, quoted, plain = ""]) => (quoted?.replaceAll('""', '"') ?? plain).trim());
}
