import { FAULTS, FAULTS_GRAMMAR } from "../sandbox/faults.ts";
import { SCENARIOS } from "../sandbox/scenarios.ts";
import { EXIT_CODES } from "./exit-codes.ts";

export interface CommandRow {
  /** As `items WEBSET`. */
  usage: string;
  summary: string;
}

/** What `--help` prints. */
export function overview(version: string, commands: readonly CommandRow[]): string {
  return `websets-events-mcp ${version}: an MCP server that lets AI agents follow Exa Websets through their events

Usage:
  websets-events-mcp [options]            serve MCP on stdio (what hosts run)
  websets-events-mcp --sandbox [options]  the same without a key, against a sandbox with a demo Webset already running
  websets-events-mcp COMMAND [options]    for people and programs in a shell; COMMAND --help shows all of it

Commands:
${table(commands.map(({ usage, summary }) => ({ name: usage, description: summary })))}

Options of the server:
  --poll-interval SECONDS  between polls while something happens, at least 0.2  (default 1)
  --max-wait SECONDS       how long a wait may hold its call open               (default what the host bears)
  --no-tasks               keep waits from going to the background
  --max-task-wait SECONDS  the longest a wait in the background may take        (default 86400)
  --log-level LEVEL        on stderr: silent, error, warn, info or debug        (default warn)
  -h, --help               show this
  -v, --version            show the version

Environment:
  EXA_API_KEY                    the key, never a flag; without it every tool says how to set it
  EXA_BASE_URL                   where the API is (default https://api.exa.ai); http: for loopback hosts only
  WEBSETS_EVENTS_POLL_INTERVAL, WEBSETS_EVENTS_MAX_WAIT, WEBSETS_EVENTS_NO_TASKS (1),
  WEBSETS_EVENTS_MAX_TASK_WAIT, WEBSETS_EVENTS_LOG_LEVEL
                                 the same as the options, which count more
  HTTPS_PROXY, NO_PROXY          honoured
  NO_COLOR, FORCE_COLOR          honoured by the commands

${EXIT_CODES}
`;
}

/** What `sandbox --help` ends with. */
export function sandboxLists(): string {
  return `Scenarios:
${table(SCENARIOS)}

Faults, as --faults takes them: ${FAULTS_GRAMMAR}
${table(FAULTS)}`;
}

function table(rows: readonly { name: string; description: string }[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`).join("\n");
}
