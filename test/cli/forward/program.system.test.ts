import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { isAlive } from "../../support/is-alive.ts";
import { HAS_PTY, TerminalProgram } from "../../support/pty.ts";
import { test } from "../../support/stdio-test.ts";

const KEY = "c0ffee00-1234-4abc-8def-0123456789ab";
const SECRET = "whsec_of_the_webhook";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "forward-program-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

async function openHandler() {
  const got: { body: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const text of request.setEncoding("utf8")) body += text;
    got.push({ body, headers: request.headers });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=t0p` };
}

test("the built program posts signed events, goes on where it ended, and shows no secret", async ({
  startSandbox,
  startProgram,
}) => {
  const upstream = await startSandbox();
  const { got, url } = await openHandler();
  const env = { ...upstream.env, EXA_API_KEY: KEY, WEBHOOK_SECRET: SECRET, XDG_STATE_HOME: folder };
  const args = ["forward", "--to", url, "--secret-env", "WEBHOOK_SECRET", "--types", "webset.idle,webset.paused"];
  const said: string[] = [];
  for (const id of ["event_1", "event_2"]) {
    upstream.world.record("webset.idle", { id: "webset_1", object: "webset" }, { id });
    const program = startProgram([...args, "--since", "1h"], env);
    await eventually(() => program.stdout.includes(id));
    program.child.kill("SIGINT");
    expect((await program.exited).code).toBe(130);
    expect(program.stderr).toMatch(/Ended: 1 delivered\. The same command goes on from here\.\n$/);
    expect(JSON.parse(program.stdout)).toMatchObject({ outcome: "delivered", eventId: id, websetId: "webset_1" });
    said.push(program.stdout, program.stderr);
  }
  expect(got.map(({ body }) => JSON.parse(body))).toMatchObject([
    { id: "event_1", object: "event", type: "webset.idle", data: { id: "webset_1" } },
    { id: "event_2" },
  ]);
  for (const { headers } of got) expect(headers["exa-signature"]).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);

  const [name = ""] = await readdir(join(folder, "websets-events-mcp"));
  const path = join(folder, "websets-events-mcp", name);
  expect(await readdir(join(folder, "websets-events-mcp"))).toEqual([name]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  for (const text of [...said, name, await readFile(path, "utf8"), JSON.stringify(got)]) {
    expect(text).not.toContain(KEY.slice(0, 12));
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain("t0p");
  }
});

test("the built program runs a command for each event, and gives it no secret", async ({ startProgram }) => {
  const env = { EXA_API_KEY: KEY, MY_OWN: "1", XDG_STATE_HOME: folder };
  const print = "process.stdout.write(require('fs').readFileSync(0, 'utf8')); console.log(JSON.stringify(process.env))";
  const program = startProgram(["forward", "--sandbox", "--since", "1h", "--", process.execPath, "-e", print], env);
  await eventually(() => program.lines.length >= 4);
  program.child.kill("SIGTERM");
  await program.exited;
  const [event, seen] = program.lines.map((line) => JSON.parse(line));
  expect(event).toMatchObject({ object: "event", type: "webset.created" });
  expect(seen).toMatchObject({ WEBSETS_EVENT_ID: event.id, WEBSETS_EVENT_TYPE: "webset.created", MY_OWN: "1" });
  expect(JSON.stringify(seen)).not.toContain(KEY);
  // The sandbox is gone with it.
  expect(await readdir(folder)).toEqual([]);
});

test("the built program ends when nobody reads what the command says", async ({ startProgram }) => {
  const program = startProgram(["forward", "--sandbox=busy", "--since", "1h", "--", "cat"], { XDG_STATE_HOME: folder });
  program.child.stdout.once("data", () => program.child.stdout.destroy());
  expect((await program.exited).code).toBe(0);
  expect(program.stderr).not.toContain("Ended");
});

test("told to end twice, the built program leaves no command behind, nor what that has started", async ({
  startProgram,
}) => {
  const script = "trap '' TERM INT; sleep 600 & echo $! $$; while true; do wait; done";
  const args = ["forward", "--sandbox=finished", "--since", "1h", "--", "sh", "-c", script];
  const program = startProgram(args, { XDG_STATE_HOME: folder });
  await eventually(() => program.lines.length >= 1);
  const pids = program.lines[0]?.split(" ").map(Number) ?? [];
  expect(pids).toHaveLength(2);
  expect(pids.every(isAlive)).toBe(true);
  onTestFinished(() => {
    for (const pid of pids.filter(isAlive)) process.kill(pid, "SIGKILL");
  });
  // One alone gives what has begun some seconds. Two that come before either is taken are one.
  const timer = setInterval(() => program.child.kill("SIGINT"), 100);
  onTestFinished(() => clearInterval(timer));
  expect((await program.exited).code).toBe(130);
  await eventually(() => pids.every((pid) => !isAlive(pid)));
});

describe.runIf(HAS_PTY)("in a terminal", () => {
  test.for([40, 80, 200])("of %i columns, each delivery is a line that fits", async (columns) => {
    const { url } = await openHandler();
    const program = new TerminalProgram(["forward", "--sandbox=finished", "--since", "1h", "--to", url], columns, {
      XDG_STATE_HOME: folder,
    });
    onTestFinished(() => program.end());
    await program.shows("webset.idle");
    program.interrupt();
    expect(await program.exited).toBe(130);
    const lines = program.screen.filter((line) => /^\d\d:\d\d:\d\d /.test(line));
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(line).toMatch(/^\d\d:\d\d:\d\d (webset|monitor|import)\./);
    expect(program.screen.join("\n")).toMatch(/Ended: \d+ delivered/);
  });
});
