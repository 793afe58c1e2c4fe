import type { Config } from "../../config.ts";
import { isLoopback } from "../../shared/loopback.ts";
import { createRedact } from "../../shared/redact.ts";

/** Puts general words in the place of what is the user's own: what doctor says is pasted into issues. */
export type Hide = (text: string) => string;

const EXA = "api.exa.ai";

/** Whether a base URL is Exa's own. */
export function isExa({ protocol, host }: URL): boolean {
  return protocol === "https:" && host === EXA;
}

/**
 * Creates what hides the key, the hosts of proxies, and the host of a base URL that is neither Exa's nor on this machine: they name
 * where somebody works.
 */
export function createHide({ apiKey, baseUrl, proxies }: Pick<Config, "apiKey" | "baseUrl" | "proxies">): Hide {
  const redact = createRedact(apiKey);
  const words: [string, string][] = [];
  for (const [text, variable] of [
    [proxies.httpsProxy, "HTTPS_PROXY"],
    [proxies.httpProxy, "HTTP_PROXY"],
  ] as const) {
    const url = urlOf(text);
    if (url === undefined || url.hostname === "") continue;
    const named = `the proxy in ${variable}`;
    words.push([`the proxy ${url.host}`, named], [url.host, named], [url.hostname, named]);
  }
  if (!isExa(baseUrl) && !isLoopback(baseUrl.hostname)) {
    const named = "the host in EXA_BASE_URL";
    words.push([baseUrl.host, named], [baseUrl.hostname, named]);
  }
  return (text) => words.reduce((rest, [word, named]) => rest.replaceAll(word, named), redact(text));
}

function urlOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const href = text.includes("://") ? text : `http://${text}`;
  return URL.canParse(href) ? new URL(href) : undefined;
}
