import { expect, test } from "vitest";
import { ConfigError, type ConfigFlags, type Environment, keyIn, readConfig } from "../src/config.ts";

const KEY = "exa-secret-0123456789";

function refusal(flags: ConfigFlags, environment: Environment): string {
  try {
    readConfig(flags, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error("the configuration was accepted");
}

const baseUrl = (EXA_BASE_URL: string) => readConfig({}, { EXA_BASE_URL }).baseUrl.href;

test("with nothing set everything has its default", () => {
  expect(readConfig({}, {})).toEqual({
    apiKey: undefined,
    baseUrl: new URL("https://api.exa.ai"),
    pollInterval: 1,
    noTasks: false,
    maxTaskWait: 86_400,
    logLevel: "warn",
    proxies: {},
  });
});

test("the environment is read", () => {
  const environment = {
    EXA_API_KEY: ` ${KEY}\n`,
    EXA_BASE_URL: "http://127.0.0.1:4010",
    WEBSETS_EVENTS_POLL_INTERVAL: "0.5",
    WEBSETS_EVENTS_MAX_WAIT: "60",
    WEBSETS_EVENTS_NO_TASKS: "1",
    WEBSETS_EVENTS_MAX_TASK_WAIT: "7200",
    WEBSETS_EVENTS_LOG_LEVEL: "debug",
    HTTPS_PROXY: "http://proxy.example:8080",
    HTTP_PROXY: "http://other.example",
    NO_PROXY: "localhost,.internal",
  };
  expect(readConfig({}, environment)).toEqual({
    apiKey: KEY,
    baseUrl: new URL("http://127.0.0.1:4010/"),
    pollInterval: 0.5,
    maxWait: 60,
    noTasks: true,
    maxTaskWait: 7_200,
    logLevel: "debug",
    proxies: {
      httpsProxy: "http://proxy.example:8080",
      httpProxy: "http://other.example",
      noProxy: "localhost,.internal",
    },
  });
});

test("a flag counts more than the environment", () => {
  const environment = {
    WEBSETS_EVENTS_POLL_INTERVAL: "2",
    WEBSETS_EVENTS_MAX_WAIT: "60",
    WEBSETS_EVENTS_LOG_LEVEL: "error",
  };
  const flags = { pollInterval: "3", maxWait: "90", logLevel: "info" };
  expect(readConfig(flags, environment)).toMatchObject({ pollInterval: 3, maxWait: 90, logLevel: "info" });
});

test("a bad variable does not matter where a flag stands in its place", () => {
  expect(readConfig({ maxWait: "90" }, { WEBSETS_EVENTS_MAX_WAIT: "never" }).maxWait).toBe(90);
});

test("an empty variable is a missing one, an empty flag is a mistake", () => {
  const environment = { EXA_API_KEY: "  ", EXA_BASE_URL: "", WEBSETS_EVENTS_MAX_WAIT: "", HTTPS_PROXY: "" };
  expect(readConfig({}, environment)).toEqual(readConfig({}, {}));
  expect(refusal({ maxWait: "" }, {})).toContain("--max-wait");
});

test("of two proxy variables the one in small letters counts", () => {
  const environment = { HTTPS_PROXY: "http://big.example", https_proxy: "http://small.example" };
  expect(readConfig({}, environment).proxies.httpsProxy).toBe("http://small.example");
});

test.each(["0.2", "60", "1", "1.", ".5", " 5 "])("a poll interval of %j is accepted", (pollInterval) => {
  expect(readConfig({ pollInterval }, {}).pollInterval).toBe(Number(pollInterval));
});

test.each(["0.19", "0", "-1", "60.1", "1s", "0x2", "1e1", "NaN", "Infinity", "1,5"])(
  "a poll interval of %j is refused",
  (text) => {
    expect(refusal({ pollInterval: text }, {})).toBe(
      `--poll-interval is "${text}", which cannot be used; accepted is a number of seconds from 0.2 to 60`,
    );
    expect(refusal({}, { WEBSETS_EVENTS_POLL_INTERVAL: text })).toContain(`WEBSETS_EVENTS_POLL_INTERVAL is "${text}"`);
  },
);

test("a longest wait is from 1 s to an hour", () => {
  for (const text of ["1", "3600"]) expect(readConfig({ maxWait: text }, {}).maxWait).toBe(Number(text));
  for (const text of ["0.9", "3601", "soon"]) {
    expect(refusal({ maxWait: text }, {})).toBe(
      `--max-wait is "${text}", which cannot be used; accepted is a number of seconds from 1 to 3600`,
    );
  }
});

test("a longest wait in the background is from 1 s to a day", () => {
  for (const text of ["1", "86400"]) expect(readConfig({ maxTaskWait: text }, {}).maxTaskWait).toBe(Number(text));
  for (const text of ["0.9", "86401", "soon"]) {
    expect(refusal({ maxTaskWait: text }, {})).toBe(
      `--max-task-wait is "${text}", which cannot be used; accepted is a number of seconds from 1 to 86400`,
    );
  }
});

test.each([
  ["1", true],
  ["true", true],
  ["0", false],
  ["false", false],
  ["", false],
])("WEBSETS_EVENTS_NO_TASKS=%s means %s", (text, noTasks) => {
  expect(readConfig({}, { WEBSETS_EVENTS_NO_TASKS: text }).noTasks).toBe(noTasks);
});

test("the flag against tasks counts more than the environment, which takes nothing but 1 and 0", () => {
  expect(readConfig({ noTasks: "1" }, { WEBSETS_EVENTS_NO_TASKS: "0" }).noTasks).toBe(true);
  expect(refusal({}, { WEBSETS_EVENTS_NO_TASKS: "yes" })).toBe(
    'WEBSETS_EVENTS_NO_TASKS is "yes", which cannot be used; accepted is 1 or 0',
  );
});

test("a log level that does not exist is refused with those that do", () => {
  expect(refusal({ logLevel: "loud" }, {})).toBe(
    '--log-level is "loud", which cannot be used; accepted is one of silent, error, warn, info, debug',
  );
});

test.each([
  ["https://api.exa.ai", "https://api.exa.ai/"],
  ["https://gateway.example/exa/", "https://gateway.example/exa/"],
  ["http://localhost:4010", "http://localhost:4010/"],
  ["http://127.0.0.1:4010", "http://127.0.0.1:4010/"],
  ["http://127.8.9.1", "http://127.8.9.1/"],
  ["http://127.1", "http://127.0.0.1/"],
  ["http://[::1]:4010", "http://[::1]:4010/"],
])("the base URL %s is accepted", (text, href) => {
  expect(baseUrl(text)).toBe(href);
});

test.each([
  "http://api.exa.ai",
  "http://127.0.0.1.example.com",
  "http://localhost.example.com",
  "http://10.0.0.1",
  "http://0.0.0.0",
  "http://[::2]",
  "ftp://api.exa.ai",
  "file:///etc/passwd",
  "api.exa.ai",
  "localhost:4010",
  "https://",
  "not a url",
])("the base URL %s is refused in one line that shows it", (text) => {
  const message = refusal({}, { EXA_BASE_URL: text });
  expect(message).toMatch(/^EXA_BASE_URL is ".*", which cannot be used; accepted is an https: URL .*$/);
  expect(message).toContain(JSON.stringify(text));
});

test.each([
  "https://user:hunter2@api.exa.ai",
  "https://hunter2@api.exa.ai",
  "http://user:hunter2@localhost",
  "https://api.exa.ai?token=hunter2",
  "https://api.exa.ai#hunter2",
  "https://api.exa.ai?",
  "https://user:hunter2@",
])("the base URL %s is refused without showing what may be secret", (text) => {
  const message = refusal({}, { EXA_BASE_URL: text });
  expect(message).toMatch(/^EXA_BASE_URL has a value that cannot be used; accepted is an https: URL .*$/);
  expect(message).not.toContain("hunter2");
});

test.each(["exa\u0000key", "exa\nkey", "exa\r\nx-evil: 1", "exa\u007fkey", "schlüssel", "exa\u200bkey"])(
  "the key %j is refused in one line that does not show it",
  (key) => {
    const message = refusal({}, { EXA_API_KEY: key });
    expect(message).toMatch(/^EXA_API_KEY has a value that cannot be used; accepted is a key of printable ASCII .*$/);
    for (const part of ["exa", "evil", "schl"]) expect(message).not.toContain(part);
  },
);

test.each([
  `\${EXA_API_KEY}`,
  `\${input:exa-api-key}`,
  "{env:EXA_API_KEY}",
  `\${user_config.exa_api_key}`,
  "$EXA_API_KEY",
  "%EXA_API_KEY%",
  "{{EXA_API_KEY}}",
  "<your-key>",
  "your-exa-api-key",
  "YOUR_EXA_API_KEY",
  "your_api_key_here",
  "EXA_API_KEY",
  "exa-api-key",
  "undefined",
  "None",
  "xxxxx",
])("%s in the key's place is no key but a placeholder", (text) => {
  expect(readConfig({}, { EXA_API_KEY: ` ${text} ` })).toMatchObject({ apiKey: undefined, keyPlaceholder: text });
});

test.each(["9e5a1d1c-6e53-4b8f-a6f1-3d0cb1b7a001", "exa_live_abc123", "sandbox", "any", "mykey$1", "x-y-z"])(
  "%s may be a key",
  (text) => {
    expect(readConfig({}, { EXA_API_KEY: text })).toMatchObject({ apiKey: text, keyPlaceholder: undefined });
  },
);

test("the key does not show when it stands in another setting's place", () => {
  for (const name of ["EXA_BASE_URL", "WEBSETS_EVENTS_LOG_LEVEL", "WEBSETS_EVENTS_MAX_WAIT"]) {
    expect(refusal({}, { EXA_API_KEY: KEY, [name]: `ftp://${KEY}` })).not.toContain(KEY);
  }
});

test("what is shown of a value is one bounded line", () => {
  const message = refusal({ logLevel: `loud\n${"x".repeat(5000)}` }, {});
  expect(message).not.toContain("\n");
  expect(message.length).toBeLessThan(250);
});

test("a proxy is not judged before something goes through it", () => {
  for (const text of ["ftp://proxy.example", "socks5h://127.0.0.1:1080", "no proxy", "http://a b"]) {
    expect(readConfig({}, { HTTPS_PROXY: text, http_proxy: text }).proxies).toEqual({
      httpsProxy: text,
      httpProxy: text,
    });
  }
});

test("the key that must not show is there also where it cannot be used, but a placeholder is none", () => {
  expect(keyIn({ EXA_API_KEY: ` ${KEY}\n` })).toBe(KEY);
  expect(keyIn({ EXA_API_KEY: `${KEY}\u200b` })).toBe(`${KEY}\u200b`);
  for (const text of ["", " ", "%EXA_API_KEY%", "your-exa-api-key"])
    expect(keyIn({ EXA_API_KEY: text })).toBeUndefined();
});
