import { describe, expect, test } from "vitest";
import { startSandbox } from "../../src/cli/demo/sandbox-process.ts";
import { runExample, startExample } from "./run-example.ts";

const dist = "dist/cli.js";

describe("the example that follows a Webset", () => {
  test("reacts to each item once and stops when the search has ended", async ({ signal }) => {
    const sandbox = await startSandbox(dist, 50, signal);
    try {
      const create = { search: { query: "European companies that build robots for warehouses", count: 20 } };
      const { id } = JSON.parse(await sandbox.request("POST", "/websets/v0/websets", create));
      const { code, stdout, stderr } = await runExample("follow-webset", [], sandbox.env);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      const lines = stdout.trim().split("\n");
      expect(lines[0]).toContain(`${id}: Webset created; search "European companies that build robots for warehouses"`);
      expect(lines).toContainEqual(expect.stringMatching(/^reached: .*search completed after \d+ s: 20 of 20 found/));
      const items = lines.filter((line) => line.startsWith("  Item found: "));
      expect(items).toHaveLength(20);
      expect(new Set(items).size).toBe(20);
    } finally {
      await sandbox.stop();
    }
  });

  test("runs in a sandbox of its own where there is no key", async () => {
    const { child, says, ended } = startExample("follow-webset");
    await says('Webset created "European companies building warehouse robots"');
    child.kill("SIGTERM");
    await ended;
  });

  test("ends quietly when its reader has read enough", async () => {
    const { child, says, ended } = startExample("follow-webset");
    await says("Webset created");
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });

  test("says in a sentence that there is no such Webset", async ({ signal }) => {
    const sandbox = await startSandbox(dist, 1, signal);
    try {
      const { code, stderr } = await runExample("follow-webset", ["ws_nowhere"], sandbox.env);
      expect(code).toBe(1);
      expect(stderr.trim()).toMatch(/^Could not follow the Webset: /);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    } finally {
      await sandbox.stop();
    }
  });
});
