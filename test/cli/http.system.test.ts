import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { eventually } from "../support/eventually.ts";
import { runProgram } from "../support/program.ts";
import { test } from "../support/stdio-test.ts";

test.each([
  [["--mode", "open"], "--mode must be one of byok, token"],
  [["--mode", "token"], "--mode token needs --tokens FILE"],
  [["--tokens", "a.json"], "--tokens belongs to --mode token"],
  [["--mode", "token", "--tokens", "/nowhere/a.json"], "the file of --tokens cannot be read (ENOENT)"],
  [["--port", "70000"], "--port must be a whole number from 0 to 65535"],
  [["--host", "203.0.113.1"], '--host "203.0.113.1" is no address of this machine'],
  [["--allowed-hosts", "https://a"], "--allowed-hosts holds"],
  [["--allowed-origins", "ftp://a"], "--allowed-origins holds"],
])("http with %j says what is wrong, and ends with 2", async (flags, says) => {
  const { code, stdout, stderr } = await runProgram(["http", "--port", "0", ...flags]);
  expect(stderr).toContain(says);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test("http says that its port is in use", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const { code, stderr } = await runProgram(["http", "--port", String(port)]);
  expect(stderr).toContain(`Port ${port} is in use`);
  expect(code).toBe(2);
});

test("http shows nothing of a file of tokens that it cannot use", async () => {
  const folder = mkdtempSync(join(tmpdir(), "websets-events-mcp-tokens-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "tokens.json"), '{"a-token-in-clear":"KEY"}');
  const { code, stderr } = await runProgram(["http", "--mode", "token", "--tokens", join(folder, "tokens.json")]);
  expect(stderr).toContain("the file of --tokens cannot be used");
  expect(stderr).not.toContain("a-token-in-clear");
  expect(code).toBe(2);
});

test("http --sandbox answers whoever comes, and says so", async ({ startProgram }) => {
  const program = startProgram(["http", "--sandbox", "--port", "0"]);
  const [, url = ""] = await eventually(() =>
    /at (\S+) \(mode byok, for a sandbox, which needs no key\)/.exec(program.stderr),
  );
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "list_websets" } };
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  for (const key of [{}, { "x-api-key": "your-exa-api-key" }, { "x-api-key": "any" }]) {
    const response = await fetch(url, { method: "POST", headers: { ...headers, ...key }, body: JSON.stringify(call) });
    expect(await response.text()).toContain("structuredContent");
  }
  program.child.kill("SIGTERM");
  // Its balancer may notice.
  await eventually(async () => (await fetch(new URL("/ready", url))).status === 503);
  expect(await program.exited).toMatchObject({ code: 0 });
});
