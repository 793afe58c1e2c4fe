import { describe, expect } from "vitest";
import { ERAS } from "../support/eras.ts";
import { eventually } from "../support/eventually.ts";
import type { Program } from "../support/program.ts";
import { test } from "../support/stdio-test.ts";

const FAST = ["--poll-interval", "0.2"];

/** The ways in which a host ends a program. */
const ENDINGS: [how: string, end: (program: Program) => void][] = [
  ["when stdin ends", ({ child }) => child.stdin.end()],
  ["on SIGINT", ({ child }) => child.kill("SIGINT")],
  ["on SIGTERM", ({ child }) => child.kill("SIGTERM")],
  ["when stdin ends and SIGTERM follows", ({ child }) => child.stdin.end(() => child.kill("SIGTERM"))],
  ["on SIGTERM until it has ended", killUntilEnded],
];

/** There is no moment at which one signal too many cuts off what the one before it has begun. */
function killUntilEnded({ child, exited }: Program): void {
  const timer = setInterval(() => child.kill("SIGTERM"), 1);
  void exited.then(() => clearInterval(timer));
}

describe.each(ERAS)("over stdio in the era of $name", (era) => {
  test.for(ENDINGS)(
    "the program ends %s, long before the waits in flight",
    async ([, end], { startProgram, startSandbox }) => {
      const upstream = await startSandbox({ speed: 1 });
      const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 50 } });
      const session = await era.open(startProgram(FAST, upstream.env));
      const waits = [
        session.call("wait_for_webset", { websetId: id }, { onprogress: () => {} }),
        session.call("wait_for_webset_event", { types: ["monitor.*"] }, { onprogress: () => {} }),
      ];
      const outcomes = Promise.allSettled(waits);
      await eventually(() => (upstream.requests.counts["GET /websets/v0/events"] ?? 0) >= 3, { what: "polling" });
      end(session.program);
      expect(await session.program.exited).toEqual({ code: 0, signal: null });
      // Whose time had been up would have got an answer.
      expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      expect(session.program.stderr).toBe("");
    },
  );

  test("the program ends while the upstream keeps it waiting", async ({ startProgram, startStandIn }) => {
    let asked = 0;
    const upstream = await startStandIn(() => {
      asked++;
    });
    const session = await era.open(startProgram(FAST, upstream.env));
    const outcome = Promise.allSettled([session.call("get_webset_event", { eventId: "evt_1" })]);
    await eventually(() => asked > 0, { what: "a request" });
    session.program.child.stdin.end();
    expect(await session.program.exited).toEqual({ code: 0, signal: null });
    expect((await outcome)[0]?.status).toBe("rejected");
  });

  test("the program ends when its host has gone and stdout leads nowhere", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox({ speed: 5 });
    const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 50 } });
    const session = await era.open(startProgram(FAST, upstream.env));
    const args = { websetId: id, timeoutSeconds: 120 };
    const outcome = Promise.allSettled([session.call("wait_for_webset", args, { onprogress: () => {} })]);
    await eventually(() => upstream.requests.total >= 2, { what: "polling" });
    // Only stdout: a host that is killed takes stdin along, which is another test.
    session.program.child.stdout.destroy();
    // Nothing tells before the next message is written: that is the next progress, and not the answer after two minutes.
    expect(await session.program.exited).toEqual({ code: 0, signal: null });
    expect(session.program.stderr).toBe("");
    expect((await outcome)[0]?.status).toBe("rejected");
  });
});

test("a program that has not been spoken to ends as well", async ({ startProgram }) => {
  for (const [, end] of ENDINGS) {
    const program = startProgram([], { EXA_API_KEY: "any" });
    const isListening = eventually(() => program.lines.length === 1, { what: "an answer" });
    program.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
    await isListening;
    end(program);
    expect(await program.exited).toEqual({ code: 0, signal: null });
  }
});
