import {
  type CacheHint,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
  UriTemplate,
  type Variables,
} from "@modelcontextprotocol/server";
import { withoutDepths } from "../shared/bounded-json.ts";
import { DAY_MS } from "../shared/clock.ts";
import { isAbort, lineForOperator, sentenceForAgent, WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { plainText, wellFormedJson } from "../shared/text.ts";

export const JSON_TYPE = "application/json";

/** Resources of one kind, with an id in their URI, as data. */
export interface IdResource {
  name: string;
  title: string;
  description: string;
  template: IdTemplate;
  cacheHint: CacheHint;
  /** Ids that begin with what was typed so far. */
  complete(prefix: string): string[];
  /** What is written out as JSON; a `WebsetsError` is told to the client in our words. */
  read(id: string, context: ServerContext): Promise<unknown>;
}

/** Puts resources of one kind on a server. */
export function mountIdResource(mcp: McpServer, resource: IdResource, log: Log): void {
  const { name, title, description, template, cacheHint, complete, read } = resource;
  mcp.registerResource(
    name,
    new ResourceTemplate(template, { list: undefined, complete: { [template.variable]: complete } }),
    { title, description, mimeType: JSON_TYPE, cacheHint },
    async (uri, variables, context) => {
      try {
        return asJson(uri.href, await read(variables[template.variable] as string, context));
      } catch (error) {
        throw readError(error, uri.href, log);
      }
    },
  );
}

/** The answer to a read. */
export function asJson(uri: string, value: unknown): ReadResourceResult {
  return { contents: [{ uri, mimeType: JSON_TYPE, text: wellFormedJson(withoutDepths(value)) }] };
}

/**
 * A URI template with one id in it, which stands between two fixed texts. It takes every text in its place, decoded, so that
 * what is no id is refused by whoever reads it, in words that help; the SDK's own would only say that nothing was found.
 */
export class IdTemplate extends UriTemplate {
  /** The id's name in the template. */
  readonly variable: string;
  readonly #before: string;
  readonly #behind: string;

  constructor(before: string, variable: string, behind = "") {
    super(`${before}{${variable}}${behind}`);
    this.#before = before;
    this.variable = variable;
    this.#behind = behind;
  }

  /** The id in a URI, decoded; undefined for a URI of another kind. */
  idIn(uri: string): string | undefined {
    const end = uri.length - this.#behind.length;
    if (end < this.#before.length || !uri.startsWith(this.#before) || !uri.endsWith(this.#behind)) return undefined;
    return decoded(uri.slice(this.#before.length, end));
  }

  override match(uri: string): Variables | null {
    const id = this.idIn(uri);
    return id === undefined ? null : { [this.variable]: id };
  }
}

/** What is not encoded properly stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As much of a URI as the log quotes: an id of ours has at most 300 characters. */
const LONGEST_URI = 400;

/**
 * What a client is answered when a resource cannot be read or subscribed to: our own sentence, and the protocol's code. What
 * does not exist is `-32602` with the URI as its data in both eras; the SDK sends no other code for it.
 */
export function readError(error: unknown, uri: string, log: Log): unknown {
  const name = plainText(uri, LONGEST_URI);
  if (isAbort(error) || error instanceof ProtocolError) return error;
  if (!(error instanceof WebsetsError)) {
    log.error(`${name} failed in a way nobody foresaw: ${error instanceof Error ? error.stack : String(error)}`);
    const text = "unexpected_response: This server failed in a way nobody foresaw; its log on stderr has the details.";
    return new ProtocolError(ProtocolErrorCode.InternalError, text);
  }
  log.info(`${name}: ${lineForOperator(error)}`);
  const sentence = sentenceForAgent(error);
  if (error.kind === "not_found") return new ResourceNotFoundError(uri, sentence);
  const theirs = error.kind === "invalid_request";
  const code = theirs ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, sentence, { kind: error.kind });
}

/** What is the same for everybody until another version of this program answers. */
export const SAME_FOR_ALL: CacheHint = { ttlMs: DAY_MS, cacheScope: "public" };
/** What never changes, but needs a key to be read. */
export const UNCHANGING: CacheHint = { ttlMs: DAY_MS, cacheScope: "private" };
/** What may be another thing with the next look. */
export const OF_THE_MOMENT: CacheHint = { ttlMs: 0, cacheScope: "private" };

/** The lists are fixed when this program is built. */
export const LIST_HINTS = {
  "prompts/list": SAME_FOR_ALL,
  "resources/list": SAME_FOR_ALL,
  "resources/templates/list": SAME_FOR_ALL,
  "tools/list": SAME_FOR_ALL,
};
