import { describe, expect, vi } from "vitest";
import { LONGEST_LINE_BYTES } from "../../src/cli/stdin-lines.ts";
import { ERAS } from "../support/eras.ts";
import { eventually } from "../support/eventually.ts";
import { html, refused, spoiling } from "../support/faulty.ts";
import { test } from "../support/stdio-test.ts";

// Real programs: on a machine that is busy with something else they may take their time.
vi.setConfig({ testTimeout: 30_000 });

const PING = '{"jsonrpc":"2.0","id":99,"method":"ping"}\n';
const PONG = { jsonrpc: "2.0", id: 99, result: {} };
const NOT_JSON = {
  jsonrpc: "2.0",
  error: { code: -32700, message: "Parse error: the line is not JSON; messages are one JSON object a line" },
};
const NO_MESSAGE = {
  jsonrpc: "2.0",
  error: { code: -32600, message: "Invalid request: the line is not one JSON-RPC 2.0 message" },
};
const TOO_LONG = {
  jsonrpc: "2.0",
  error: { code: -32600, message: "Invalid request: the line is longer than 4 MiB and was ignored" },
};
const TOO_LONG_LINE = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"text":"${"x".repeat(LONGEST_LINE_BYTES)}"}}\n`;

/** Each piece is written by itself; what comes back is everything up to the answer to a ping at the end. */
const CONVERSATIONS = [
  {
    what: "a half-written line is answered without an id",
    pieces: ['{"jsonrpc":"2.0","id":1,"met\n'],
    back: [NOT_JSON],
  },
  { what: "a line of another program is answered, too", pieces: ["Debugger listening\n"], back: [NOT_JSON] },
  {
    what: "JSON that is no message is answered",
    pieces: ['"text"\n', "null\n", "{}\n"],
    back: [1, 2, 3].map(() => NO_MESSAGE),
  },
  {
    what: "a batch, which the protocol does not have, is answered",
    pieces: [`[${PING.trim()}]\n`],
    back: [NO_MESSAGE],
  },
  { what: "an oversized line is answered once, while it still comes", pieces: [TOO_LONG_LINE], back: [TOO_LONG] },
  {
    what: "a message in several pieces is one message",
    pieces: ['{"jsonrpc":"2.0",', '"id":1,"method"', ':"ping"}', "\n"],
    back: [{ jsonrpc: "2.0", id: 1, result: {} }],
  },
  {
    what: "several messages in one piece are several messages",
    pieces: ['{"jsonrpc":"2.0","id":1,"method":"ping"}\n{"jsonrpc":"2.0","id":2,"method":"ping"}\n'],
    back: [
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", id: 2, result: {} },
    ],
  },
  {
    what: "lines may end as on Windows, and empty ones mean nothing",
    pieces: ["\n\r\n  \n", '{"jsonrpc":"2.0","id":1,"method":"ping"}\r\n'],
    back: [{ jsonrpc: "2.0", id: 1, result: {} }],
  },
  {
    what: "an unknown method is answered with its id",
    pieces: ['{"jsonrpc":"2.0","id":"a","method":"webset/list"}\n'],
    back: [{ jsonrpc: "2.0", id: "a", error: { code: -32601, message: "Method not found" } }],
  },
];

test.for(CONVERSATIONS.map((one) => [one.what, one] as const))(
  "%s, and the connection goes on",
  async ([, { pieces, back }], { startProgram }) => {
    const program = startProgram();
    program.write(
      '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"tests","version":"1"}}}\n',
    );
    await eventually(() => program.lines.length === 1);
    for (const piece of pieces) {
      program.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    program.write(PING);
    const isOver = () => program.lines.some((line) => JSON.parse(line).id === 99);
    await eventually(isOver, { what: "the answer to the ping" });
    expect(program.lines.slice(1).map((line) => JSON.parse(line))).toEqual([...back, PONG]);
  },
);

test("a line that is half-written when stdin ends is answered, and the program ends well", async ({ startProgram }) => {
  const program = startProgram();
  program.write('{"jsonrpc":"2.0","id":1,"method"');
  program.child.stdin.end();
  expect(await program.exited).toMatchObject({ code: 0 });
  expect(program.lines.map((line) => JSON.parse(line))).toEqual([NOT_JSON]);
});

describe.concurrent.each(ERAS)("over stdio in the era of $name", (era) => {
  test("a client gets its answers with garbage before, between and after its messages", async ({
    startProgram,
    startSandbox,
  }) => {
    const { env } = await startSandbox();
    const program = startProgram([], env);
    program.write("garbage\n");
    const session = await era.open(program);
    program.write(TOO_LONG_LINE);
    const call = session.call("list_webset_events", {});
    program.write('{"half":\n');
    expect((await call).value.events).toEqual([]);
    const [content] = await session.readResource("websets://event-types");
    expect(content?.text).toContain("monitor.run.completed");
  });

  test("stdout holds nothing but JSON-RPC, whatever happens and however much is logged", async ({
    startProgram,
    startSandbox,
  }) => {
    const broken = spoiling({ "/evt_broken": refused(503, "sorry"), "/evt_page": html(200) });
    const { env, world } = await startSandbox({ faults: broken });
    const { id } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
    const session = await era.open(startProgram(["--log-level", "debug", "--poll-interval", "0.2"], env));
    session.program.write("garbage\n");
    await Promise.all([
      session.call("get_webset_event", { eventId: "evt_broken" }),
      session.call("get_webset_event", { eventId: "evt_page" }),
      session.call("get_webset_event", { eventId: "evt_unknown" }),
      session.call("wait_for_webset", { websetId: id }, { onprogress: () => {} }),
      session.call("wait_for_webset_event", { types: ["nothing.like.that"] }),
      session.call("create_webset", {}).catch(() => {}),
    ]);
    await session.program.end();
    expect(session.program.stderr).toMatch(/info: .*503/);
    expect(session.program.stdout.endsWith("\n")).toBe(true);
    for (const line of session.program.lines) {
      const message = JSON.parse(line);
      expect(message.jsonrpc).toBe("2.0");
      expect(["result", "error", "method"].filter((key) => key in message)).toHaveLength(1);
    }
  });
});
