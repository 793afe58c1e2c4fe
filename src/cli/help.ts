import { FAULTS, FAULTS_GRAMMAR } from "../sandbox/faults.ts";
import { SCENARIOS } from "../sandbox/scenarios.ts";

const SANDBOX_OPTIONS = `Options of the sandbox:
  --port PORT              on 127.0.0.1; 0 takes a free one                     (default 4010)
  --speed FACTOR           how much faster Websets live than real ones          (default 10)
  --seed NUMBER            the same seed gives the same world                   (default 1)
  --scenario NAME          the world to begin with                              (default demo)
  --list-order ORDER       of events and monitors: newest-first or oldest-first (default newest-first)
  --faults LIST            what goes wrong, such as rate-limited:0.1,html-502:once`;

/** What `--help` prints. */
export function helpText(version: string): string {
  return `websets-events-mcp ${version}: an MCP server that lets AI agents follow Exa Websets through their events

Usage:
  websets-events-mcp [options]            serve MCP on stdio (what hosts run)
  websets-events-mcp --sandbox [options]  the same without a key, against a sandbox with a demo Webset already running
  websets-events-mcp demo                 see it work without a key: an agent follows a Webset to its end
  websets-events-mcp sandbox [options]    run the sandbox alone: a local Websets API to test against

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

${SANDBOX_OPTIONS}

sandbox --help lists the scenarios and the faults.
`;
}

/** What `sandbox --help` prints. */
export function sandboxHelpText(version: string): string {
  return `websets-events-mcp ${version}: the sandbox, a local Websets API to test against

Usage:
  websets-events-mcp sandbox [options]

${SANDBOX_OPTIONS}

Scenarios:
${table(SCENARIOS)}

Faults, as --faults takes them: ${FAULTS_GRAMMAR}
${table(FAULTS)}
`;
}

function table(rows: readonly { name: string; description: string }[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`).join("\n");
}
