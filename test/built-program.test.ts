import { describe, expect } from "vitest";
import { findScenario } from "../src/sandbox/scenarios.ts";
import { ERAS } from "./support/eras.ts";
import { test } from "./support/stdio-test.ts";

// The rest of what the built program does is held by `npm run system`.
describe.each(ERAS)("the built program, for a host of $name on stdio", (era) => {
  test("lists its tools, reads the API, waits, and ends with its host", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox();
    findScenario("finished")?.begin(upstream.world);
    const [finished] = upstream.world.listWebsets({ order: "oldest-first" });
    const session = await era.open(startProgram([], upstream.env));
    expect(session.tools.map(({ name }) => name)).toContain("wait_for_webset");
    const waited = await session.call("wait_for_webset", { websetId: finished?.id, until: "idle" });
    expect(waited.value).toMatchObject({ outcome: "reached", progress: { websetId: finished?.id, status: "idle" } });
    const listed = await session.call("list_webset_events", { websetId: finished?.id, limit: 1 });
    expect(listed.value.events).toMatchObject([{ type: "webset.idle" }]);
    session.program.child.stdin.end();
    expect(await session.program.exited).toMatchObject({ code: 0, signal: null });
    expect(session.program.stderr).toBe("");
  });
});
