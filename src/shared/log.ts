export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Log {
  error(line: string): void;
  warn(line: string): void;
  info(line: string): void;
  debug(line: string): void;
}

/**
 * A log that writes lines of at least the given importance. `write` gets whole lines without their line break and without what
 * moves a terminal's cursor; on stdio
 * servers it must lead to stderr, because stdout is the protocol.
 */
export function createLog(level: LogLevel, write: (line: string) => void): Log {
  const threshold = LOG_LEVELS.indexOf(level);
  const at = (name: Exclude<LogLevel, "silent">) => {
    const importance = LOG_LEVELS.indexOf(name);
    return (line: string) => {
      if (importance <= threshold) write(`websets-events-mcp ${name}: ${line.replace(/[\p{Cc}\u2028\u2029]+/gu, " ")}`);
    };
  };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

export const silentLog: Log = createLog("silent", () => {});
