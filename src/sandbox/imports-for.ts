import { ApiError } from "./api-error.ts";
import type { WebsetParameters } from "./bodies.ts";
import type { Imports } from "./imports.ts";
import type { WebsetImport } from "./resources.ts";
import type { WebsetRegistry } from "./webset-registry.ts";

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
