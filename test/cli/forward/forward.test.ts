import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { type CommandContext, callerOf } from "../../../src/cli/command-context.ts";
import { type ForwardOptions, forward } from "../../../src/cli/commands/forward.ts";
import type { Delivery, Outcome } from "../../../src/cli/forward/delivery.ts";
import { openTerminal } from "../../../src/cli/terminal.ts";
import { readConfig } from "../../../src/config.ts";
import { missingKey } from "../../../src/exa/client.ts";
import type { Tenant } from "../../../src/tenant.ts";
import type { ToolDeps } from "../../../src/tools/define.ts";
import { openFeedWorld } from "../../support/feed-world.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "forward-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

const OPTIONS = { to: "http://127.0.0.1:9/hook?token=t0p", command: [] };
const done: Outcome = { kind: "done", how: "answered 200" };

/** A terminal that keeps what it is told. */
function openPaper(isTTY: boolean) {
  const paper = { text: "" };
  const write = (text: string) => {
    paper.text += text;
    return true;
  };
  const stream = { isTTY, write, on() {}, off() {} };
  return Object.assign(paper, { terminal: openTerminal(stream, { env: {}, redact: (text) => text }) });
}

function openCommand({ isTTY = false, hasKey = true, env = {} as Record<string, string> } = {}) {
  const world = openFeedWorld();
  const sent: Delivery[] = [];
  const target = { answer: (_: Delivery): Outcome | Promise<Outcome> => done };
  /** Lets time pass until something is so; files are written in real time. */
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    for (let steps = 0; !(await isSo()); steps++) {
      if (steps > 100_000) throw new Error("it never was so");
      await stat(folder);
      await world.fake.advance(5);
    }
  };
  const start = (options: Partial<ForwardOptions> = {}) => {
    const ending = new AbortController();
    const [out, err] = [openPaper(isTTY), openPaper(isTTY)];
    const tenant = { tools: world.newProcess() as ToolDeps, missingKey: hasKey ? undefined : missingKey(undefined) };
    const context: CommandContext = {
      call: callerOf(tenant as unknown as Tenant, ending.signal),
      tenant: tenant as unknown as Tenant,
      config: readConfig({}, { EXA_API_KEY: "0123456789-key" }),
      clock: world.clock,
      signal: ending.signal,
      out: out.terminal,
      err: err.terminal,
      env: { XDG_STATE_HOME: folder, ...env },
    };
    const ended = forward({ ...OPTIONS, ...options }, context, {
      around: ({ name, close }) => ({
        name,
        close,
        async deliver(delivery) {
          sent.push(delivery);
          return target.answer(delivery);
        },
      }),
    });
    ended.catch(() => {});
    return {
      out,
      err,
      ended,
      async end() {
        ending.abort();
        let hasEnded = false;
        ended
          .catch(() => {})
          .then(() => {
            hasEnded = true;
          });
        await until(() => hasEnded);
        await expect(ended).rejects.toMatchObject({ name: "AbortError" });
      },
    };
  };
  return { ...world, sent, target, start, until };
}

async function stateFile(): Promise<{ name: string; text: string } | undefined> {
  const names = await readdir(join(folder, "websets-events-mcp")).catch(() => []);
  const name = names.find((one) => one.endsWith(".json"));
  return name === undefined ? name : { name, text: await readFile(join(folder, "websets-events-mcp", name), "utf8") };
}

test("events are delivered as they happen, and the next run goes on where this one ended", async () => {
  const { start, record, sent, until } = openCommand();
  const first = start();
  // From then on, nothing that happens is lost.
  await until(async () => (await stateFile()) !== undefined);
  record("webset.idle", { id: "event_1" });
  await until(() => first.out.text.includes("event_1"));
  await first.end();
  record("webset.idle", { id: "event_2" });
  const second = start();
  await until(() => second.out.text.includes("event_2"));
  await second.end();
  expect(sent.map(({ eventId }) => eventId)).toEqual(["event_1", "event_2"]);
  expect(JSON.parse(second.out.text)).toEqual({
    ...{ outcome: "delivered", eventId: "event_2", type: "webset.idle", websetId: "ws_1" },
    ...{ attempts: 1, how: "answered 200", ms: 0 },
  });
  expect(second.err.text).toMatch(/from where it ended at 20.*\n.*Ended: 1 delivered/);
});

test("neither the key nor the URL's query is anywhere", async () => {
  const { start, record, until } = openCommand({ isTTY: true });
  record("webset.idle", { id: "event_1" });
  const { out, err, end } = start({ since: "1h" });
  await until(() => out.text.includes("event_1"));
  await end();
  const { name = "", text = "" } = (await stateFile()) ?? {};
  for (const told of [out.text, err.text, name, text]) expect(told).not.toMatch(/t0p|0123456789/);
  expect(err.text).toContain("http://127.0.0.1:9/hook");
  expect(name).toMatch(/^forward-[0-9a-f]{12}-all-[0-9a-f]{8}\.json$/);
});

test("what was not delivered when it ended is delivered by the next run, though it begins later", async () => {
  const { start, record, sent, until, target } = openCommand();
  for (const id of ["event_1", "event_2", "event_3"]) record("webset.idle", { id });
  target.answer = ({ eventId }) => (eventId === "event_2" ? { kind: "failed", how: "answered 500" } : done);
  const first = start({ since: "1h", attempts: "1000" });
  await until(() => sent.filter(({ eventId }) => eventId === "event_2").length > 3);
  await first.end();
  expect(first.err.text).toContain("2 still to be");
  sent.length = 0;
  target.answer = () => done;
  const second = start();
  await until(() => sent.length === 2);
  await until(() => second.out.text.includes("event_3"));
  await second.end();
  expect(sent.map(({ eventId }) => eventId)).toEqual(["event_2", "event_3"]);
});

test("a lost connection is said once, and once that it is back", async () => {
  const { start, record, until, trouble } = openCommand();
  trouble.spoil = async () => ({ status: 503, headers: {}, body: "{}" });
  const { out, err, end } = start();
  await until(() => err.text.includes("still trying"));
  trouble.spoil = (_, next) => next();
  await until(() => err.text.includes("answers again"));
  record("webset.idle", { id: "event_1" });
  await until(() => out.text.includes("event_1"));
  await end();
  expect(err.text.match(/still trying|answers again/g)).toEqual(["still trying", "answers again"]);
});

test("a Webset that nobody knows ends it, and is no lost connection", async () => {
  const { start, until } = openCommand();
  const { err, ended } = start({ webset: "webset_of_nobody" });
  let hasEnded = false;
  ended.catch(() => {
    hasEnded = true;
  });
  await until(() => hasEnded);
  await expect(ended).rejects.toMatchObject({ kind: "not_found" });
  expect(err.text).not.toContain("still trying");
});

test("an event that is given up is said, and kept beside the state", async () => {
  const { start, record, until, target } = openCommand({ isTTY: true });
  record("webset.idle", { id: "event_1" });
  target.answer = () => ({ kind: "failed", how: "answered 500" });
  const { err, end } = start({ since: "1h", attempts: "2" });
  await until(() => err.text.includes("GIVEN UP at attempt 2: webset.idle event_1"));
  await end();
  const { name = "" } = (await stateFile()) ?? {};
  const letters = join(folder, "websets-events-mcp", name.replace(".json", ".dead-letters.jsonl"));
  expect(err.text).toContain(letters);
  expect(JSON.parse(await readFile(letters, "utf8"))).toMatchObject({
    attempts: 2,
    event: { id: "event_1", object: "event" },
  });
});

test("each filter has a state of its own", async () => {
  const { start, record, until } = openCommand();
  record("webset.idle", { id: "event_1" });
  for (const more of [
    { types: ["webset.idle"] },
    { types: ["webset.*", "import.*"] },
    { types: ["import.*", "webset.*"] },
  ]) {
    const { out, err, end } = start({ since: "1h", ...more });
    await until(() => out.text.includes("event_1") || err.text.includes("from where it ended"));
    await end();
  }
  const names = (await readdir(join(folder, "websets-events-mcp"))).filter((name) => name.endsWith(".json"));
  expect(names).toHaveLength(2);
});

test("each target has a place of its own, and says where another one of the same events is", async () => {
  const { start, record, until, sent } = openCommand({ env: { PATH: process.env.PATH ?? "" } });
  record("webset.idle", { id: "event_1" });
  const targets: Partial<ForwardOptions>[] = [
    { to: "http://127.0.0.1:9/hook?token=t0p" },
    { to: "http://user:secret@127.0.0.1:9/hook?token=t0p#part" },
    { to: "http://127.0.0.1:9/other" },
    { to: undefined, command: ["true"] },
    { to: undefined, command: ["true", "again"] },
  ];
  const begun: boolean[] = [];
  const told: boolean[] = [];
  for (const more of targets) {
    const { err, end } = start({ since: "1h", ...more });
    await until(() => err.text.includes("Forwarding"));
    const isNew = !err.text.includes("from where it ended");
    const before = sent.length;
    if (isNew) await until(() => sent.length > before);
    await until(() => true);
    await end();
    begun.push(isNew);
    told.push(/another target before\. .*--state .*forward-/.test(err.text));
  }
  expect(begun).toEqual([true, false, true, true, true]);
  expect(told).toEqual([false, false, true, true, true]);
  const names = await readdir(join(folder, "websets-events-mcp"));
  expect(names.filter((name) => name.endsWith(".json"))).toHaveLength(4);
});

test("a state file that is named goes on, whatever the target is", async () => {
  const { start, record, until, sent } = openCommand();
  const state = join(folder, "my.json");
  record("webset.idle", { id: "event_1" });
  for (const to of ["http://127.0.0.1:9/typo", "http://127.0.0.1:9/hook"]) {
    const { err, end } = start({ since: "1h", to, state });
    await until(() => sent.length === 1 && err.text.includes("Forwarding"));
    await end();
    expect(err.text).not.toContain("another target");
  }
  expect(sent).toHaveLength(1);
});

test("a state that cannot be used is one line and exit 1", async () => {
  const { start } = openCommand();
  const { err, ended } = start({ state: join("/dev/null", "state.json") });
  expect(await ended).toBe(1);
  expect(err.text).toMatch(/^websets-events-mcp: The state file .* cannot be read or written .*\n$/);
});

test.each<[string, Partial<ForwardOptions>, RegExp]>([
  ["neither", { to: undefined }, /either --to URL or -- COMMAND/],
  ["both", { command: ["true"] }, /either --to URL or -- COMMAND/],
  ["no URL", { to: "localhost:3000/hook" }, /--to must be a URL/],
  ["a file", { to: "file:///etc/passwd" }, /--to must be a URL/],
  ["a variable that is not set", { secretEnv: "WEBHOOK_SECRET" }, /"WEBHOOK_SECRET", which is not set/],
  ["a command that is none", { to: undefined, command: ["no-such-program-here"] }, /no program "no-such-program-here"/],
  ["no number", { attempts: "many" }, /--attempts must be/],
  ["no time", { to: undefined, command: ["true"], commandTimeout: "0" }, /--command-timeout must be more than 0/],
])("%s is a wrong usage", async (_, options, line) => {
  const { start } = openCommand({ env: { SECRET: "whsec", PATH: process.env.PATH ?? "" } });
  await expect(start(options).ended).rejects.toMatchObject({
    name: "UsageError",
    message: expect.stringMatching(line),
  });
});

test("without a key it says so before there is a state", async () => {
  const { start } = openCommand({ hasKey: false });
  await expect(start().ended).rejects.toMatchObject({ kind: "missing_key" });
  expect(await readdir(folder)).toEqual([]);
});
