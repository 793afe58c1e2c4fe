/** How long a wait takes that names no `timeoutSeconds`, in seconds: every host bears that. */
export const DEFAULT_TIMEOUT_SECONDS = 25;

/** A program that calls tools, and how long it lets one call take. */
export interface Host {
  name: string;
  /** Its `clientInfo.name`, in small letters; further words may follow. */
  clientName: string;
  /** How long a wait may hold its call open, in seconds. */
  bears: number;
  /** The same where the request carries a `progressToken`, for those that keep a call alive as long as progress comes. */
  bearsWithProgress?: number;
  /** What is known of it, and from where. */
  known: string;
}

/** What a host bears of which nothing is known, in seconds: under 30 s none is known to end a call. */
const UNKNOWN_BEARS = 28;

/**
 * The hosts of which something is known. No host promises anything: these are reports of their users, their settings' defaults
 * and their code, of 2025 and 2026.
 */
export const HOSTS: readonly Host[] = [
  {
    name: "Claude Desktop",
    clientName: "claude-ai",
    bears: UNKNOWN_BEARS,
    known: "ends calls after about 60 s, with trouble from 30 s on; progress changes nothing (users' reports)",
  },
  {
    name: "Claude Code",
    clientName: "claude-code",
    bears: 50,
    bearsWithProgress: 240,
    known: "ends calls after about 300 s without progress; MCP_TOOL_TIMEOUT sets another time (users' reports)",
  },
  {
    name: "Codex",
    clientName: "codex-mcp-client",
    bears: 50,
    known: "ends calls after 60 s unless tool_timeout_sec says otherwise (its configuration's default)",
  },
  {
    name: "Gemini CLI",
    clientName: "gemini-cli-mcp-client",
    bears: 50,
    known: "ends calls after 10 min unless timeout says otherwise (its configuration's default)",
  },
  {
    name: "opencode",
    clientName: "opencode",
    bears: 50,
    known: "ends calls after 60 s unless timeout says otherwise (its configuration's default)",
  },
];

/** How long a host bears that a call is held open, in seconds. */
export function borneBy(clientName: string | undefined, asksForProgress: boolean): number {
  const name = clientName?.toLowerCase() ?? "";
  const host = HOSTS.find((one) => name === one.clientName || name.startsWith(`${one.clientName}-`));
  if (host === undefined) return UNKNOWN_BEARS;
  return (asksForProgress ? host.bearsWithProgress : undefined) ?? host.bears;
}
