import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isRunnable, openCommandTarget, withoutSecrets } from "../../../src/cli/forward/targets.ts";
import { systemClock } from "../../../src/shared/clock.ts";
import { eventually } from "../../support/eventually.ts";
import { isAlive } from "../../support/is-alive.ts";

const delivery = { eventId: "event_1", type: "webset.idle", body: '{"id":"event_1","text":"a b \\"c\\""}' };
const { signal } = new AbortController();
/** By then a shell has begun and says what it does with signals, also on a machine that is busy. */
const ENOUGH_TO_BEGIN_MS = 3_000;

function openTarget(command: readonly [string, ...string[]], { timeoutMs = 60_000, env = {} } = {}) {
  const written = { out: "", err: "" };
  const target = openCommandTarget({
    command,
    env: { PATH: process.env.PATH, ...env },
    secrets: { names: ["EXA_API_KEY"], values: ["the-key-itself"] },
    timeoutMs,
    clock: systemClock,
    out: {
      async write(text) {
        written.out += text;
      },
    },
    err: {
      async write(text) {
        written.err += text;
      },
    },
  });
  onTestFinished(() => target.close());
  return { target, written, run: (cut = signal) => target.deliver(delivery, cut) };
}

const node = (program: string) => [process.execPath, "-e", program] as const;

test("a command gets the event on stdin and its id and type in the environment, and says what it says", async () => {
  const { run, written } = openTarget(
    node(`
      process.stdin.pipe(process.stdout);
      process.stderr.write(process.env.WEBSETS_EVENT_ID + " " + process.env.WEBSETS_EVENT_TYPE);
    `),
  );
  expect(await run()).toEqual({ kind: "done", how: "exit 0" });
  expect(written).toEqual({ out: `${delivery.body}\n`, err: "event_1 webset.idle" });
});

test("its arguments are its own: no shell has a part in them", async () => {
  const { run, written } = openTarget(["printf", "%s\n", "$HOME; echo x", "*", "a b"]);
  await run();
  expect(written.out).toBe("$HOME; echo x\n*\na b\n");
});

test("it gets none of our secrets, whatever they are called", async () => {
  const env = { EXA_API_KEY: "the-key-itself", COPY_OF_IT: "the-key-itself", OTHER: "the-key-itself-not", MORE: "1" };
  const { run, written } = openTarget(["env"], { env });
  await run();
  expect(written.out).not.toContain("EXA_API_KEY");
  expect(written.out).not.toContain("COPY_OF_IT");
  expect(written.out).toContain("MORE=1");
  expect(
    withoutSecrets(
      { A: "1", B: "whsec_of_it", C: "sandbox", D: "" },
      { names: ["A"], values: ["whsec_of_it", "sandbox", undefined] },
    ),
  ).toEqual({ C: "sandbox", D: "" });
});

test.each([
  ["exit 3", node("process.exit(3)"), "exit 3"],
  ["a signal", ["sh", "-c", "kill -SEGV $$"], "ended by SIGSEGV"],
  ["no such program", ["/no/such/program"], "could not be started (ENOENT)"],
] as [string, readonly [string, ...string[]], string][])("%s is a failure", async (_, command, how) => {
  expect(await openTarget(command).run()).toEqual({ kind: "failed", how });
});

test("a command that reads nothing is done all the same, also with a large event", async () => {
  const { target } = openTarget(["true"]);
  expect(await target.deliver({ ...delivery, body: "x".repeat(2_000_000) }, signal)).toMatchObject({ kind: "done" });
});

test("what it has started in the background does not hold up the next event", async () => {
  const { run, written } = openTarget(["sh", "-c", "echo begun; sleep 30 & echo $! >&2"]);
  expect(await run()).toMatchObject({ kind: "done" });
  expect(written.out).toBe("begun\n");
  process.kill(Number(written.err), "SIGKILL");
});

test("what it leaves behind keeps nothing open here: neither more with each event, nor this process at its end", async () => {
  const { run, written } = openTarget(["sh", "-c", "sleep 600 & echo $! >&2"]);
  onTestFinished(() => {
    for (const pid of written.err.trim().split("\n")) process.kill(Number(pid), "SIGKILL");
  });
  const before = pipes();
  await run();
  await run();
  await eventually(() => pipes() <= before, { what: "the end of all pipes" });
});

test("what a command said is passed on whole, however slow its reader is", async () => {
  let read = 0;
  const slow = {
    async write(text: string) {
      await systemClock.sleep(1_300);
      read += text.length;
    },
  };
  const target = openCommandTarget({
    command: node('process.stdout.write("x".repeat(100_000))'),
    ...{ env: { PATH: process.env.PATH }, secrets: { names: [], values: [] }, timeoutMs: 60_000, clock: systemClock },
    ...{ out: slow, err: slow },
  });
  expect(await target.deliver(delivery, signal)).toMatchObject({ kind: "done" });
  expect(read).toBe(100_000);
});

/** How many pipes and sockets to other processes this one holds open. */
function pipes(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(?:Pipe|Process)/.test(name)).length;
}

test("after its time it is killed with its children, also one that will not end", async () => {
  const folder = await mkdtemp(join(tmpdir(), "forward-command-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const pids = join(folder, "pids");
  await writeFile(pids, "");
  const stubborn = `trap "" TERM; echo $$ >> ${pids}; sh -c 'trap "" TERM; echo $$ >> ${pids}; while :; do sleep 1; done' & while :; do sleep 1; done`;
  const { run } = openTarget(["sh", "-c", stubborn], { timeoutMs: ENOUGH_TO_BEGIN_MS });
  expect(await run()).toEqual({ kind: "failed", how: "was killed after 3 s" });
  const killed = (await readFile(pids, "utf8")).trim().split("\n").map(Number);
  expect(killed).toHaveLength(2);
  for (const pid of killed) await eventually(() => !isAlive(pid), { what: `the end of ${pid}` });
});

test("one that ends when asked may clean up first", async () => {
  const { run, written } = openTarget(["sh", "-c", 'trap "echo cleaned; exit 1" TERM; sleep 20 & wait'], {
    timeoutMs: ENOUGH_TO_BEGIN_MS,
  });
  expect(await run()).toMatchObject({ kind: "failed", how: "was killed after 3 s" });
  await eventually(() => written.out === "cleaned\n");
});

test("an attempt that is cut short ends with its command", async () => {
  const cut = new AbortController();
  const { run, written } = openTarget(["sh", "-c", "echo $$; exec sleep 60"]);
  const outcome = run(cut.signal);
  await eventually(() => written.out.endsWith("\n"));
  cut.abort();
  await expect(outcome).rejects.toMatchObject({ name: "AbortError" });
  await eventually(() => !isAlive(Number(written.out)));
});

test("a program is looked for before anything is delivered", async () => {
  const env = { PATH: process.env.PATH };
  expect(await isRunnable("sh", env)).toBe(true);
  expect(await isRunnable(process.execPath, env)).toBe(true);
  expect(await isRunnable("no-such-program-here", env)).toBe(false);
  expect(await isRunnable(import.meta.filename, env)).toBe(false);
  // Folders can be "executed", which means another thing.
  expect(await isRunnable(import.meta.dirname, env)).toBe(false);
  expect(await isRunnable("forward", { PATH: join(import.meta.dirname, "..") })).toBe(false);
});
