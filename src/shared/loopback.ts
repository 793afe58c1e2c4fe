/**
 * True for the hosts where requests stay on this machine. Takes a `URL`'s `hostname`, which has brought addresses into one notation.
 */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}
