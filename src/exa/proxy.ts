import { WebsetsError } from "../shared/errors.ts";
import { isLoopback } from "../shared/loopback.ts";

/** Proxies as the environment has them: texts that nobody has read yet. An empty one counts as none. */
export interface Proxies {
  httpsProxy?: string;
  httpProxy?: string;
  /** Hosts to reach directly, separated by commas or spaces. */
  noProxy?: string;
}

/** Where tunnels are asked for. */
export interface HttpProxy {
  url: URL;
  /** The environment variable it stands in. */
  variable: "HTTPS_PROXY" | "HTTP_PROXY";
  /** What errors call it: its host and port, without its credentials. */
  name: string;
  /** The value of `Proxy-Authorization`, for a proxy with credentials in its URL. */
  authorization: string | undefined;
}

/**
 * The proxy on the way to a URL; undefined where there is none. HTTPS without a proxy of its own takes that of HTTP. Loopback is
 * always reached directly: a proxy on another machine would reach its own, and see a key that was meant to stay here.
 * Throws `invalid_request` for a proxy that cannot be used.
 */
export function proxyFor(url: URL, proxies: Proxies): HttpProxy | undefined {
  if (isLoopback(url.hostname) || isExempt(url, proxies.noProxy ?? "")) return undefined;
  if (url.protocol === "https:" && proxies.httpsProxy) return readProxy("HTTPS_PROXY", proxies.httpsProxy, url);
  return proxies.httpProxy ? readProxy("HTTP_PROXY", proxies.httpProxy, url) : undefined;
}

/** The notation that curl, wget and others share: a host stands for its subdomains too, with a port only for that one. */
function isExempt({ hostname, port, protocol }: URL, noProxy: string): boolean {
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => {
      if (entry === "*") return true;
      const [, host = entry, onlyPort] = /^(\[.*\]|[^:]+):(\d+)$/.exec(entry) ?? [];
      if (onlyPort !== undefined && onlyPort !== (port || (protocol === "https:" ? "443" : "80"))) return false;
      const suffix = host.replace(/^\*?\./, "");
      return suffix !== "" && (hostname === suffix || hostname === `[${suffix}]` || hostname.endsWith(`.${suffix}`));
    });
}

function readProxy(variable: HttpProxy["variable"], text: string, target: URL): HttpProxy {
  const unusable = (what: string) =>
    new WebsetsError("invalid_request", {
      what: `${variable} ${what}`,
      advice: `Set ${variable} to the URL of an HTTP proxy, such as http://proxy.example:8080, in this MCP server's environment, or add ${target.hostname} to NO_PROXY to do without one; then restart the server.`,
    });
  // curl and others take `host:port` for a proxy, so we do.
  const href = text.includes("://") ? text : `http://${text}`;
  const url = URL.canParse(href) ? new URL(href) : undefined;
  // What cannot be read may hold a password anywhere, and so may the host of what cannot be meant as it is read: `joe:1#2@host`.
  if (url === undefined || url.hostname === "" || /@/.test(url.pathname + url.search + url.hash)) {
    const hint = ": in its user and password, # / ? and \\ have to be written as %23 %2F %3F and %5C";
    throw unusable(`is not the URL of a proxy${text.includes("@") ? hint : ""}`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    const kind = /^socks/.test(url.protocol) ? "a SOCKS proxy" : `a proxy that speaks ${url.protocol.slice(0, -1)}`;
    throw unusable(`names ${kind} (${url.host}), and this server can use only HTTP proxies`);
  }
  return { url, variable, name: `the proxy ${url.host}`, authorization: authorizationOf(url) };
}

/** What the user and password in a URL are as a header; undefined where it has none. */
export function authorizationOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64")}`;
}

/** A percent sign that begins no escape is meant as it stands. */
function decoded(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
