/**
 * How long a wait takes that names no `timeoutSeconds`, in seconds. Hosts end a tool call on their own terms: Claude Desktop
 * after about 60 s with trouble from 30 s on, and clients on the SDK's defaults after 60 s (users of each in its issue
 * tracker; no host documents it).
 */
export const SAFE_TIMEOUT_SECONDS = 25;

/**
 * Hosts that keep a call alive as long as progress comes, by `clientInfo.name`. Claude Code's idle limit is about 300 s,
 * counted from the last progress notification (its issue tracker and its MCP_TOOL_TIMEOUT setting).
 */
const PATIENT_HOSTS: ReadonlyMap<string, number> = new Map([["claude-code", 120]]);

/** The time for a wait that names none, in seconds: longer only where the host is known to be patient and asked for progress. */
export function defaultTimeout(clientName: string | undefined, asksForProgress: boolean): number {
  const patient = clientName === undefined ? undefined : PATIENT_HOSTS.get(clientName.toLowerCase());
  return asksForProgress && patient !== undefined ? patient : SAFE_TIMEOUT_SECONDS;
}
