import { afterEach, describe, expect, test } from "vitest";
import { type RunningSandbox, startSandbox, startScenario } from "../../src/cli/sandbox.ts";
import { silentLog } from "../../src/shared/log.ts";

const open: RunningSandbox[] = [];
afterEach(async () => {
  for (const { sandbox } of open.splice(0)) await sandbox.close();
});

/** The ids of the Webset and of the event that a sandbox begins with, of the Webset's without its time. */
async function firstIds(starting: Promise<RunningSandbox>) {
  const running = await starting;
  open.push(running);
  const { world } = running.sandbox;
  const [webset] = [...world.listWebsets({ order: "oldest-first" })];
  const [event] = [...world.events.walk({ order: "oldest-first" })];
  return [webset?.id.slice("webset_".length + 10), event?.id];
}

describe("a sandbox that is started again", () => {
  test("has other ids where it is the server's own", async () => {
    const [before, after] = [
      await firstIds(startScenario("demo", silentLog)),
      await firstIds(startScenario("demo", silentLog)),
    ];
    expect(before[0]).not.toBe(after[0]);
    expect(before[1]).not.toBe(after[1]);
  });

  test("has the same where its seed is the same", async () => {
    const start = (seed: string) => firstIds(startSandbox({ port: "0", seed }, silentLog));
    const first = await start("7");
    expect(await start("7")).toEqual(first);
    expect(await start("8")).not.toEqual(first);
  });
});
