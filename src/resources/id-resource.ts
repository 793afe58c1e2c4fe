import {
  type CacheHint,
  type McpServer,
  type ReadResourceResult,
  ResourceTemplate,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { withoutDepths } from "../shared/bounded-json.ts";
import type { Log } from "../shared/log.ts";
import { wellFormedJson } from "../shared/text.ts";
import type { IdTemplate } from "./id-template.ts";
import { readError } from "./read-error.ts";

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
