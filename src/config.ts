import * as z from "zod/v4";
import { LOG_LEVELS } from "./shared/log.ts";
import { isLoopback } from "./shared/loopback.ts";

/** Put in by the bundler from package.json; the sources run without it. */
declare const __VERSION__: string | undefined;

export const VERSION: string = typeof __VERSION__ === "string" ? __VERSION__ : "0.0.0-source";

/** Flags as they stand on the command line, without their values read. */
export interface ConfigFlags {
  pollInterval?: string | undefined;
  maxWait?: string | undefined;
  noTasks?: string | undefined;
  maxTaskWait?: string | undefined;
  logLevel?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that cannot be used. The message is one line that names the flag or variable and says what is accepted. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const ACCEPTED_URL =
  "an https: URL without credentials, query or fragment (http: only for localhost, 127.0.0.1 or [::1])";

/**
 * What hosts put into the environment where they do not expand a variable of their configuration, or have none (JavaScript's
 * undefined, Python's None), and what examples show in the place of a key. Exa's keys are UUIDs.
 */
const PLACEHOLDER =
  /^(?:\$\{.*\}|\$\w+|\$env:\w+|%\w+%|\{\{.*\}\}|\{\w+:.*\}|<.*>|\[.*\]|(?:your|my|insert|enter|paste|replace)[-_ ].*|(?:exa[-_ ]?)?api[-_ ]?key(?:[-_ ]here)?|undefined|null|none|x{3,}|\*{3,}|\.{3,}|…)$/i;

/** Every setting once: how its text is read, what it is without one, and, as the issue's message, what is accepted. */
const schema = z.object({
  apiKey: z
    .string()
    .regex(/^[\x20-\x7e]+$/, "a key of printable ASCII characters, without line breaks")
    .optional(),
  baseUrl: z.string().default("https://api.exa.ai").transform(read(baseUrlOf, ACCEPTED_URL)),
  /** Seconds between polls while something happens. */
  pollInterval: seconds({ least: 0.2, most: 60 }).default(1),
  /** How long a wait may hold its call open, in seconds; without it what the host is known to bear. */
  maxWait: seconds({ least: 1, most: 3600 }).optional(),
  /** Whether waits are kept from going to the background. */
  noTasks: z
    .enum(["1", "0", "true", "false"], "1 or 0")
    .default("0")
    .transform((text) => text === "1" || text === "true"),
  /** The longest wait in the background, in seconds. */
  maxTaskWait: seconds({ least: 1, most: 86_400 }).default(86_400),
  logLevel: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(", ")}`).default("warn"),
  // Read only by the request that needs one: many environments have a proxy that this program never goes through.
  httpsProxy: z.string().optional(),
  httpProxy: z.string().optional(),
  noProxy: z.string().optional(),
});

type Settings = z.infer<typeof schema>;
type Setting = keyof Settings;

export interface Config
  extends Pick<Settings, "baseUrl" | "pollInterval" | "maxWait" | "noTasks" | "maxTaskWait" | "logLevel"> {
  /** Without one the server starts, and every tool says how to set it. */
  apiKey: string | undefined;
  /** What stands in the key's place as its host left it, such as `${EXA_API_KEY}`. */
  keyPlaceholder: string | undefined;
  proxies: { httpsProxy?: string; httpProxy?: string; noProxy?: string };
}

/** Where a setting may stand; the first one that is there counts. Of two proxy variables curl, too, takes the small one. */
const SOURCES: Record<Setting, { flag?: [keyof ConfigFlags, string]; variables: string[] }> = {
  apiKey: { variables: ["EXA_API_KEY"] },
  baseUrl: { variables: ["EXA_BASE_URL"] },
  pollInterval: { flag: ["pollInterval", "--poll-interval"], variables: ["WEBSETS_EVENTS_POLL_INTERVAL"] },
  maxWait: { flag: ["maxWait", "--max-wait"], variables: ["WEBSETS_EVENTS_MAX_WAIT"] },
  noTasks: { flag: ["noTasks", "--no-tasks"], variables: ["WEBSETS_EVENTS_NO_TASKS"] },
  maxTaskWait: { flag: ["maxTaskWait", "--max-task-wait"], variables: ["WEBSETS_EVENTS_MAX_TASK_WAIT"] },
  logLevel: { flag: ["logLevel", "--log-level"], variables: ["WEBSETS_EVENTS_LOG_LEVEL"] },
  httpsProxy: { variables: ["https_proxy", "HTTPS_PROXY"] },
  httpProxy: { variables: ["http_proxy", "HTTP_PROXY"] },
  noProxy: { variables: ["no_proxy", "NO_PROXY"] },
};

interface Found {
  name: string;
  text: string;
}

/**
 * Reads the configuration: a flag counts more than the environment, and that more than the default. An empty variable is a
 * missing one, because hosts pass settings their user left empty. Throws `ConfigError` for the first setting that cannot be used.
 */
export function readConfig(flags: ConfigFlags, environment: Environment): Config {
  const found = new Map<string, Found>();
  for (const setting of Object.keys(SOURCES) as Setting[]) {
    const one = find(setting, flags, environment);
    if (one !== undefined) found.set(setting, one);
  }
  const parsed = schema.safeParse(Object.fromEntries([...found].map(([setting, { text }]) => [setting, text])));
  if (!parsed.success) throw configError(parsed.error, found);
  const { apiKey, httpsProxy, httpProxy, noProxy, ...rest } = parsed.data;
  const isKey = apiKey === undefined || !PLACEHOLDER.test(apiKey);
  return {
    ...rest,
    apiKey: isKey ? apiKey : undefined,
    keyPlaceholder: isKey ? undefined : apiKey,
    proxies: {
      ...(httpsProxy !== undefined && { httpsProxy }),
      ...(httpProxy !== undefined && { httpProxy }),
      ...(noProxy !== undefined && { noProxy }),
    },
  };
}

/** The key in an environment, usable or not, for whoever must not show it. A host's placeholder is none. */
export function keyIn(environment: Environment): string | undefined {
  const text = find("apiKey", {}, environment)?.text;
  return text === undefined || PLACEHOLDER.test(text) ? undefined : text;
}

function find(setting: Setting, flags: ConfigFlags, environment: Environment): Found | undefined {
  const { flag, variables } = SOURCES[setting];
  const flagged = flag && flags[flag[0]];
  if (flag && flagged !== undefined) return { name: flag[1], text: flagged.trim() };
  for (const name of variables) {
    const text = environment[name]?.trim();
    if (text) return { name, text };
  }
  return undefined;
}

function configError(error: z.ZodError, found: ReadonlyMap<string, Found>): ConfigError {
  const issue = error.issues[0];
  const setting = String(issue?.path[0]);
  const { name, text } = found.get(setting) ?? { name: setting, text: "" };
  const apiKey = found.get("apiKey")?.text;
  // The key is never shown, nor what may hold it or another secret: a URL's credentials or query.
  const secret = setting === "apiKey" || /[@?#]/.test(text) || (apiKey !== undefined && text.includes(apiKey));
  const value = secret ? "has a value that" : `is ${JSON.stringify(text.slice(0, 100))}, which`;
  return new ConfigError(`${name} ${value} cannot be used; accepted is ${issue?.message}`);
}

function seconds({ least, most }: { least: number; most: number }) {
  const accepted = `a number of seconds from ${least} to ${most}`;
  return z
    .string()
    .regex(/^(\d+(\.\d*)?|\.\d+)$/, accepted)
    .transform(Number)
    .pipe(z.number().min(least, accepted).max(most, accepted));
}

/** A zod transform of a function that returns undefined for what it does not accept. */
function read<T>(parse: (text: string) => T | undefined, accepted: string) {
  return (text: string, context: z.RefinementCtx): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: accepted });
    return z.NEVER;
  };
}

function baseUrlOf(text: string): URL | undefined {
  const url = parseUrl(text);
  if (url === undefined || /[?#]/.test(text) || url.username !== "" || url.password !== "") return undefined;
  if (url.protocol === "https:") return url;
  return url.protocol === "http:" && isLoopback(url.hostname) ? url : undefined;
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
