import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type DoctorFlags, doctor } from "../../../src/cli/commands/doctor.ts";
import { DECISIONS } from "../../../src/cli/doctor/decisions.ts";
import { type OutputStream, openTerminal } from "../../../src/cli/terminal.ts";
import { readConfig } from "../../../src/config.ts";
import { createFaults, parseFaults } from "../../../src/sandbox/faults.ts";
import { createSandbox } from "../../../src/sandbox/server.ts";
import { isAbort } from "../../../src/shared/errors.ts";
import { fastClock } from "../../support/fast-clock.ts";
import { KEY } from "./exam.ts";

/** Text that a command wrote, as a terminal or a file of so many columns would get it. */
function screen(columns: number | undefined, onText: (text: string) => void = () => {}) {
  const written = { text: "" };
  const stream: OutputStream = {
    isTTY: columns !== undefined,
    columns,
    write(text) {
      written.text += text;
      onText(text);
      return true;
    },
    on: () => {},
    off: () => {},
  };
  const terminal = openTerminal(stream, { env: { NO_COLOR: "1" }, redact: (text) => text });
  return Object.assign(written, { terminal });
}

interface World {
  /** As `--faults` takes them. */
  faults?: string;
  scenario?: (sandbox: ReturnType<typeof createSandbox>) => void;
  /** A key, or undefined for none. */
  env?: Record<string, string | undefined>;
  columns?: number;
  /** Ends it as soon as it has written this on stderr. */
  endAt?: string;
  /** How much faster time passes: a machine that is busy must not use up the limit of a check. */
  speed?: number;
}

/** Runs the command against a sandbox over HTTP, on a clock on which nobody waits long. */
async function run(flags: DoctorFlags, { faults, scenario, env = {}, columns, endAt, speed = 10 }: World = {}) {
  const clock = fastClock(speed);
  const rules = faults === undefined ? {} : { faults: createFaults({ rules: parseFaults(faults), seed: 1 }) };
  const sandbox = createSandbox({ clock, seed: 5, ...rules });
  onTestFinished(() => sandbox.close());
  const { url } = await sandbox.listen(0);
  scenario?.(sandbox);
  const config = readConfig({}, { EXA_BASE_URL: url, EXA_API_KEY: KEY, ...env });
  const ending = new AbortController();
  const [out, err] = [
    screen(columns),
    screen(columns, (text) => {
      if (endAt !== undefined && text.includes(endAt)) ending.abort();
    }),
  ];
  const context = { config, clock, signal: ending.signal, out: out.terminal, err: err.terminal };
  const code = await doctor(flags, context);
  return { code, out: out.text, err: err.text, sandbox, clock };
}

type Finding = Record<"check" | "status" | "summary" | "advice", string>;
const findingsOf = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Finding);
const statusOf = (out: string, check: string) => findingsOf(out).find((one) => one.check === check)?.status;

const BEFORE = ["node", "address", "key", "proxy", "dns", "connect", "tls", "api", "clock"];
const WITH_KEY = ["account", "limits", "events", "order", "ranges", "pages"];
const LIVE: World["scenario"] = ({ world }) => {
  world.createWebset({
    search: { query: "makers of secret kites", count: 8 },
    enrichments: [{ description: "Whom to ask" }],
  });
};

test("all is well in a sandbox: an object a check, one a decision, exit 0, and nothing was written", async () => {
  const { code, out, sandbox } = await run({}, { scenario: LIVE });
  expect(findingsOf(out).map(({ check }) => check)).toEqual([
    ...BEFORE,
    ...WITH_KEY,
    ...DECISIONS.map(({ number }) => number),
  ]);
  expect(findingsOf(out).filter(({ status }) => status === "fail" || status === "contradicted")).toEqual([]);
  expect(code).toBe(0);
  const methods = new Set(sandbox.requests.latest.map(({ method }) => method));
  expect([...methods]).toEqual(["GET"]);
});

describe("what is wrong is told at its check, with what to do, and by the exit code", () => {
  test.each<[string, string, string, number]>([
    ["a key that is refused with 400", "wrong-key-400", "account", 5],
    ["a key that was revoked", "unauthorized@/events,unauthorized@teams", "account", 5],
    ["a plan without access", "no-plan", "account", 5],
    ["no credits", "out-of-credits", "account", 5],
    ["no credits for events alone", "out-of-credits@/events:from-2", "events", 5],
    ["a gateway's page", "html-502", "api", 1],
    ["a gateway's page in place of events", "html-502@/events:from-2", "events", 1],
    ["answers without end", "no-headers", "api", 1],
    ["events without an answer", "no-headers@/events:from-2", "events", 1],
    ["another shape", "wrong-shape@/events:from-2", "events", 1],
    ["a closed connection", "reset", "api", 1],
    ["an API that is overloaded", "error-503", "api", 1],
    ["a clock that is 10 minutes off", "clock-fast", "clock", 1],
  ])("%s", async (_, faults, check, code) => {
    const result = await run({}, { faults, scenario: LIVE, speed: faults.startsWith("no-headers") ? 20 : 10 });
    const bad = findingsOf(result.out).filter(({ status }) => status === "fail");
    expect(bad.map((one) => one.check)).toEqual([check]);
    expect(bad[0]?.advice).toMatch(/^[A-Z].*\.$/);
    expect(result.code).toBe(code);
    expect(result.out).not.toContain("Team (Sandbox)");
  });

  test.each(["rate-limited:3x", "error-500@teams", "no-date"])(
    "trouble that passes, or matters little (%s), is no failure of the whole",
    async (faults) => {
      const { out } = await run({}, { faults, scenario: LIVE });
      expect(statusOf(out, "events")).toBe("ok");
    },
  );
});

describe("without a key", () => {
  test("what can be checked is, and how to get one is told: exit 5", async () => {
    const { code, out } = await run({}, { env: { EXA_API_KEY: undefined } });
    const found = findingsOf(out);
    expect(found.filter(({ status }) => status === "ok").map(({ check }) => check)).toEqual(
      BEFORE.filter((one) => one !== "key"),
    );
    expect(found.filter(({ status }) => status === "skip").map(({ check }) => check)).toEqual([
      ...WITH_KEY,
      "decisions",
    ]);
    expect(found.find(({ check }) => check === "key")?.advice).toContain("https://dashboard.exa.ai/api-keys");
    expect(code).toBe(5);
  });

  test("a placeholder is named as one, and not repeated", async () => {
    const { code, out } = await run({}, { env: { EXA_API_KEY: "my-own-secret-word" } });
    expect(statusOf(out, "key")).toBe("fail");
    expect(out).toContain("placeholder");
    expect(out).not.toContain("secret-word");
    expect(code).toBe(5);
  });
});

test("the key is in nothing that is written, whatever the upstream repeats", async () => {
  const { out, err } = await run({}, { faults: "wrong-key-400@teams", scenario: LIVE });
  expect(out + err).not.toContain(KEY);
});

test("an end from outside ends it at once, also while it looks at events", async () => {
  const file = join(folder(), "seen.json");
  await expect(run({ record: file }, { scenario: LIVE, endAt: "Looking at the events" })).rejects.toSatisfy(isAbort);
  expect(() => statSync(file)).toThrow();
});

describe("for a person", () => {
  test.each([40, 80, 200])("lines fit %i columns", async (columns) => {
    const { out } = await run({}, { scenario: LIVE, columns });
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    expect(out).toMatch(/^ok +node +websets-events-mcp/);
    expect(out).toContain("docs/decisions");
    expect(out.trimEnd()).toMatch(/Nothing failed\.$/);
  });

  test("what to do stands below what failed, and the end names it", async () => {
    const { out } = await run({}, { faults: "no-plan", columns: 100 });
    expect(out).toMatch(/fail +account +the API gives this key no access \(401\)\n +To do: The key is valid: the/);
    expect(out.trimEnd()).toMatch(/Failed: account\.$/);
  });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "doctor-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

describe("a recording", () => {
  test("is written for its owner alone, shown, and holds no text of the upstream's", async () => {
    const file = join(folder(), "seen.json");
    const { code, out, err } = await run({ record: file }, { scenario: LIVE, speed: 20 });
    expect(code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, "utf8");
    expect(text).not.toMatch(/kites|Whom/);
    const { entries, facts } = JSON.parse(text);
    expect(entries.length).toBeGreaterThan(10);
    expect(facts.delays.length).toBeGreaterThan(0);
    expect(err).toContain(JSON.stringify(facts.types));
    expect(err).toContain("Read it before you send it to anybody");
    expect(findingsOf(out).at(-1)).toMatchObject({ check: "record", status: "ok" });
    expect(out).not.toContain(file);
  });

  test("overwrites nothing, and follows no link", async () => {
    const file = join(folder(), "mine.json");
    writeFileSync(file, "mine");
    await expect(run({ record: file })).rejects.toThrow(/is there already/);
    const link = join(folder(), "link.json");
    symlinkSync(join(folder(), "nowhere.json"), link);
    await expect(run({ record: link })).rejects.toThrow(/is there already/);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  test("is not written where there are no events, and fails at once where no file can be", async () => {
    const file = join(folder(), "seen.json");
    const { code, out } = await run({ record: file });
    expect([code, statusOf(out, "record")]).toEqual([1, "fail"]);
    expect(() => statSync(file)).toThrow();
    const nowhere = join(folder(), "no", "folder.json");
    await expect(run({ record: nowhere }, { scenario: LIVE })).rejects.toThrow(/cannot be made \(ENOENT\)/);
  });
});
