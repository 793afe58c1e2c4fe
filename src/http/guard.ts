import { ConfigError } from "../config.ts";
import { isLoopback } from "../shared/loopback.ts";

export interface GuardOptions {
  /** Names besides loopback that requests may be addressed to: `mcp.example.com`, or with a port only under that one. */
  allowedHosts: readonly string[];
  /** Where pages in browsers may call from besides loopback: `https://app.example.com`, or a name under any scheme and port. */
  allowedOrigins: readonly string[];
}

/** A name or an address as in a Host header, with a port or without. */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

interface Authority {
  hostname: string;
  /** With the port, where one is told. */
  host: string;
}

/**
 * Decides by their Host and Origin whether requests are meant for this server. A page that a browser has loaded from elsewhere can
 * make a name of its own lead to this machine (DNS rebinding); such requests name that name, or that page.
 */
export class Guard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  /** Throws `ConfigError` for what is neither a name nor an origin. */
  constructor({ allowedHosts, allowedOrigins }: GuardOptions) {
    this.#hosts = new Set(allowedHosts.map(hostEntry));
    this.#origins = new Set(allowedOrigins.map(originEntry));
  }

  /**
   * Whether a Host header names this server: by loopback, by an allowed name, or by the very address that the connection came in at,
   * which no name can stand for (probes and scrapers use it).
   */
  allowsHost(header: string | undefined, localAddress: string | undefined): boolean {
    const named = header === undefined ? undefined : authority(header);
    if (named === undefined) return false;
    const { hostname, host } = named;
    if (isLoopback(hostname) || this.#hosts.has(hostname) || this.#hosts.has(host)) return true;
    return localAddress !== undefined && hostname === addressed(localAddress);
  }

  /** Whether a page may call; programs that are no browsers send no Origin. */
  allowsOrigin(header: string | undefined): boolean {
    if (header === undefined) return true;
    const url = originOf(header);
    if (url === undefined) return false;
    return isLoopback(url.hostname) || this.#origins.has(url.hostname) || this.#origins.has(url.origin);
  }
}

function authority(text: string): Authority | undefined {
  if (!AUTHORITY.test(text) || !URL.canParse(`http://${text}`)) return undefined;
  // Addresses in one notation, names in small letters; a full stop at the end says that a name is whole.
  const { hostname, port } = new URL(`http://${text}`);
  const name = hostname.replace(/\.$/, "");
  return { hostname: name, host: port === "" ? `${name}:80` : `${name}:${port}` };
}

function hostEntry(text: string): string {
  const named = authority(text);
  if (named === undefined) {
    throw new ConfigError(
      `--allowed-hosts holds ${JSON.stringify(text.slice(0, 100))}; accepted are names and addresses as in a Host header, with a port or without`,
    );
  }
  return /:\d+$/.test(text) ? named.host : named.hostname;
}

function originEntry(text: string): string {
  const origin = originOf(text.replace(/\/$/, ""))?.origin;
  const name = origin ?? (text.includes("://") ? undefined : authority(text)?.hostname);
  if (name !== undefined) return name;
  throw new ConfigError(
    `--allowed-origins holds ${JSON.stringify(text.slice(0, 100))}; accepted are origins like https://app.example.com and names`,
  );
}

/** An origin as browsers write it; `null` and what has a path is none. */
function originOf(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.origin === text.toLowerCase() ? url : undefined;
}

/** The address of a socket as a URL's hostname. */
function addressed(address: string): string | undefined {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  return authority(bare.includes(":") ? `[${bare}]` : bare)?.hostname;
}
