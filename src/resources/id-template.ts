import { UriTemplate, type Variables } from "@modelcontextprotocol/server";

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
