import { describe, expect } from "vitest";
import { LONGEST_LINE_BYTES } from "../../src/cli/line-reader.ts";
import { ERAS } from "../support/eras.ts";
import { eventually } from "../support/eventually.ts";
import { html, refused, spoiling } from "../support/faulty.ts";
import { test } from "../support/stdio-test.ts";

const PING = '{"jsonrpc":"2.0","id":99,"method":"ping"}\n';
const PONG = { jsonrpc: "2.0", id: 99, result: {} };
const NOT_JSON = {
  jsonrpc: "2.0",
  error: { code: -32700, message: "Parse error: the line is not JSON; messages are one JSON object a line" },
};
const NO_MESSAGE = { jsonrpc: "2.0", error: { code: -32600, message: expect.stringMatching(/^Invalid request: /) } };
const TOO_LONG = {
  jsonrpc: "2.0",
  error: { code: -32600, message: "Invalid request: the line is longer than 4 MiB and was ignored" },
};
const TOO_LONG_LINE = `{"jsonrpc":"2.0","id":"long","method":"ping","params":{"text":"${"x".repeat(LONGEST_LINE_BYTES)}"}}\n`;

/** Each piece is written by itself; what comes back is everything up to the answer to a ping at the end. */
const CONVERSATIONS = [
  {
    what: "a half-written line is answered under the id it has",
    pieces: ['{"jsonrpc":"2.0","id":1,"met\n', '{"jsonrpc":"2.0","i\n'],
    back: [{ ...NOT_JSON, id: 1 }, NOT_JSON],
  },
  { what: "a line of another program is answered, too", pieces: ["Debugger listening\n"], back: [NOT_JSON] },
  {
    what: "JSON that is no message is answered",
    pieces: ['"text"\n', "null\n", "{}\n"],
    back: [1, 2, 3].map(() => NO_MESSAGE),
  },
  {
    what: "a batch is answered as the messages in it are",
    pieces: ['[{"jsonrpc":"2.0","id":1,"method":"ping"},7,{"jsonrpc":"2.0","id":2,"method":"ping"}]\n'],
    back: [NO_MESSAGE, { jsonrpc: "2.0", id: 1, result: {} }, { jsonrpc: "2.0", id: 2, result: {} }],
  },
  {
    what: "an oversized line is answered once, while it still comes",
    pieces: [TOO_LONG_LINE],
    back: [{ ...TOO_LONG, id: "long" }],
  },
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
  expect(program.lines.map((line) => JSON.parse(line))).toEqual([{ ...NOT_JSON, id: 1 }]);
});

test("the last line needs no line break, and what is under way when stdin ends is answered", async ({
  startProgram,
}) => {
  const program = startProgram(["--sandbox"]);
  program.write(`${line(INITIALIZE, "1")}\n${line({ method: "tools/call", params: { name: "list_websets" } }, "2")}`);
  program.child.stdin.end();
  expect(await program.exited).toEqual({ code: 0, signal: null });
  const answers = program.lines.map((one) => JSON.parse(one));
  expect(answers.map(({ id }) => id)).toEqual([1, 2]);
  expect(answers[1].result.structuredContent.websets).toHaveLength(1);
});

test("a program whose stdin has ended does not live as long as its waits", async ({ startProgram }) => {
  const program = startProgram(["--sandbox", "--max-wait", "3600"]);
  const args = { types: ["monitor.*"], timeoutSeconds: 3_600 };
  const wait = { method: "tools/call", params: { name: "wait_for_webset_event", arguments: args } };
  program.write(`${line(INITIALIZE, "1")}\n${line(wait, "2")}\n`);
  program.child.stdin.end();
  expect(await program.exited).toEqual({ code: 0, signal: null });
});

const INITIALIZE = {
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "tests", version: "1" } },
};

const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "tests", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** Ways to write a request's id. Those that JavaScript cannot tell apart are told by their text. */
const IDS: ((n: number) => string)[] = [
  String,
  (n) => `"text ${n}"`,
  (n) => `${n}.5`,
  (n) => `-${n}`,
  (n) => `90071992547409930${n}`,
  (n) => `"\\ud83d ${n}"`,
];
const REQUESTS = [
  { method: "ping" },
  { method: "tools/list" },
  { method: "tools/call", params: { name: "list_webset_events", arguments: { limit: 1 } } },
  { method: "tools/call", params: { name: "no_such_tool" } },
  { method: "resources/read", params: { uri: "websets://event-types/webset.idle" } },
  { method: "prompts/get", params: { name: "track_webset", arguments: { websetId: "w" } } },
  {
    method: "completion/complete",
    params: { ref: { type: "ref/prompt", name: "track_webset" }, argument: { name: "websetId", value: "w" } },
  },
  INITIALIZE,
  { method: "no/such/method", params: { a: 1 } },
  { method: "" },
];
type OddRequest = { method: string; params?: { _meta?: object } };

/** What is wrong or odd about a line; each gets the request's id as text. */
const ODDITIES: Record<string, (request: OddRequest, id: string) => string> = {
  plain: (request, id) => line(request, id),
  "params: null": ({ method }, id) => line({ method, params: null }, id),
  "params: []": ({ method }, id) => line({ method, params: [] }, id),
  "params: text": ({ method }, id) => line({ method, params: "a" }, id),
  "params: a number": ({ method }, id) => line({ method, params: 5 }, id),
  "params in a list": ({ method, params }, id) => line({ method, params: [params ?? 1] }, id),
  "_meta: null": ({ method, params }, id) => line({ method, params: { ...params, _meta: null } }, id),
  "_meta: text": ({ method, params }, id) => line({ method, params: { ...params, _meta: "a" } }, id),
  "progressToken: null": ({ method, params }, id) =>
    line({ method, params: { ...params, _meta: { ...params?._meta, progressToken: null } } }, id),
  "progressToken: 0.5": ({ method, params }, id) =>
    line({ method, params: { ...params, _meta: { ...params?._meta, progressToken: 0.5 } } }, id),
  "progressToken: {}": ({ method, params }, id) =>
    line({ method, params: { ...params, _meta: { ...params?._meta, progressToken: {} } } }, id),
  "arguments: null": ({ method, params }, id) => line({ method, params: { ...params, arguments: null } }, id),
  "arguments: text": ({ method, params }, id) => line({ method, params: { ...params, arguments: "a" } }, id),
  "every parameter null": ({ method, params }, id) => line({ method, params: filled(params, () => null, 0) }, id),
  "everything in its parameters null": ({ method, params }, id) =>
    line({ method, params: filled(params, () => null, 1) }, id),
  "every parameter a number": ({ method, params }, id) => line({ method, params: filled(params, () => 5, 0) }, id),
  "everything in its parameters a number": ({ method, params }, id) =>
    line({ method, params: filled(params, () => 5, 1) }, id),
  "no parameters": ({ method, params }, id) => line({ method, params: { _meta: params?._meta } }, id),
  "further keys": (request, id) => line({ ...request, sessionId: 1, extra: [null] }, id),
  "no method": ({ params }, id) => line({ params }, id),
  "method: null": ({ params }, id) => line({ method: null, params }, id),
  "method in a list": ({ method, params }, id) => line({ method: [method], params }, id),
  "version 1.0": (request, id) => line({ ...request, jsonrpc: "1.0" }, id),
  "version as a number": (request, id) => line({ ...request, jsonrpc: 2 }, id),
  "no version": (request, id) => line({ ...request, jsonrpc: undefined }, id),
  "in a batch": (request, id) => `[${line(request, id)}]`,
  "a byte order mark": (request, id) => `\ufeff${line(request, id)}`,
  "blanks around": (request, id) => ` \t${line(request, id)} \r`,
  "NaN in it": (request, id) => line(request, id).replace("{", '{"x":NaN,'),
  "a name twice": (request, id) => line(request, id).replace("{", '{"method":5,"id":0,'),
  "a raw control character": (request, id) => line({ ...request, x: "@" }, id).replace("@", "\u0001"),
  "cut off": (request, id) => `{"jsonrpc":"2.0","id":${id},${JSON.stringify(request).slice(1, -3)}`,
  "nested deeply": ({ method }, id) =>
    line({ method, params: { name: "list_webset_events", arguments: { types: "@" } } }, id).replace(
      '"@"',
      `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    ),
};

/** Parameters with other values at this depth, as they are besides; never in `_meta`. */
function filled(params: object | undefined, value: () => unknown, depth: number): object {
  return Object.fromEntries(
    Object.entries(params ?? {}).map(([key, given]) => {
      if (key === "_meta") return [key, given];
      const isDeep = depth > 0 && typeof given === "object" && given !== null;
      return [key, isDeep ? filled(given, value, depth - 1) : value()];
    }),
  );
}

function line(message: object, id: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: "@id", ...message }).replace('"@id"', id);
}

/** How a client of each era opens, what each of its requests has besides, and a request that any server answers. */
const OPENINGS: [era: string, opening: { method: string; params?: object }, meta: object | undefined, good: string][] =
  [
    ["2025-11-25", INITIALIZE, undefined, "ping"],
    ["2026-07-28", { method: "server/discover" }, ENVELOPE, "server/discover"],
  ];

test.for(OPENINGS)(
  "in the era of %s each of 200 odd lines with an id is answered once under it, and the good line after it works",
  async ([, opening, meta, good], { startProgram }) => {
    const program = startProgram(["--sandbox"]);
    const enveloped = (request: { method: string; params?: object }) =>
      meta === undefined ? request : { ...request, params: { ...request.params, _meta: meta } };
    program.write(`${line(enveloped(opening), "0")}\n`);
    await eventually(() => program.lines.length === 1);
    const odd = REQUESTS.flatMap((request, which) =>
      Object.entries(ODDITIES).map(([what, write], n) => {
        const id = (IDS[(which + n) % IDS.length] as (typeof IDS)[number])(1_000 * which + n + 1);
        return {
          what: `${request.method || "(empty)"} with ${what}`,
          id,
          text: write(enveloped(request) as never, id),
        };
      }),
    );
    expect(odd.length).toBeGreaterThanOrEqual(200);
    odd.forEach(({ text }, n) => {
      program.write(`${text}\n${line(enveloped({ method: good }), `"good ${n}"`)}\n`);
    });
    const expected = odd.flatMap(({ id }, n) => [id, `"good ${n}"`]).sort();
    await eventually(() => program.lines.length > expected.length, { what: "all answers" }).catch(() => {});
    // The id as it stands in an answer, letter by letter: before an error or behind a result.
    const ID = /^\{"jsonrpc":"2\.0","id":("(?:[^"\\]|\\.)*"|[-\d.]+),|"id":("(?:[^"\\]|\\.)*"|[-\d.]+)\}$/;
    const answered = program.lines.map((answer) => {
      const [, before, behind] = ID.exec(answer) ?? [];
      return before ?? behind;
    });
    const unanswered = odd.filter(({ id }) => !answered.includes(id));
    expect(unanswered.map(({ what }) => what)).toEqual([]);
    expect(answered.slice(1).sort()).toEqual(expected);
    for (const answer of program.lines) {
      expect(answer).not.toMatch(/nobody foresaw|"code":-32603|invalid_type|[\u2028\u2029]/);
      if (answer.includes('"id":"good ')) expect(JSON.parse(answer).error).toBeUndefined();
    }
  },
);

test("a host that closes stderr loses the log and nothing else", async ({ startProgram, startSandbox }) => {
  const { env } = await startSandbox();
  const program = startProgram(["--log-level", "debug"], env);
  program.write(`${line(INITIALIZE, "0")}\n`);
  await eventually(() => program.lines.length === 1);
  program.child.stderr.destroy();
  const call = { method: "tools/call", params: { name: "list_webset_events", arguments: {} } };
  for (let n = 1; n <= 5; n++) {
    program.write(`garbage\n${line(call, String(n))}\n`);
    await eventually(() => program.lines.some((answer) => JSON.parse(answer).id === n), { what: `answer ${n}` });
  }
  program.child.stdin.end();
  expect(await program.exited).toMatchObject({ code: 0, signal: null });
});

test("what the upstream nests 100,000 deep is cut where it is handed on, and every error says what happened", async ({
  startProgram,
  startStandIn,
}) => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const createdAt = new Date().toISOString();
  const data = `{"id":"item_1","websetId":"webset_1","properties":${deep}}`;
  const event = `{"id":"event_1","type":"webset.item.created","createdAt":"${createdAt}","data":${data}}`;
  const { env } = await startStandIn(({ url = "" }, response) => {
    response.setHeader("content-type", "application/json");
    if (url.includes("/events/")) response.end(event);
    else if (url.includes("/events")) response.end(`{"data":[${event}],"hasMore":false,"nextCursor":null}`);
    else if (url.includes("bad")) response.writeHead(400).end(`{"message":${deep},"error":${deep}}`);
    else response.end(`{"id":"webset_1","status":"running","metadata":${deep},"searches":[{"id":"s","x":${deep}}]}`);
  });
  const program = startProgram(["--poll-interval", "0.2"], env);
  program.write(`${line(INITIALIZE, "0")}\n`);
  const detail = "full";
  const calls = [
    { name: "get_webset_event", arguments: { eventId: "event_1" } },
    { name: "list_webset_events", arguments: { detail } },
    { name: "wait_for_webset_event", arguments: { detail, timeoutSeconds: 2, after: createdAt } },
    { name: "get_webset_progress", arguments: { websetId: "webset_1" } },
    { name: "get_webset_progress", arguments: { websetId: "bad" } },
    { name: "wait_for_webset", arguments: { websetId: "webset_1", timeoutSeconds: 1 } },
  ].map((params) => ({ method: "tools/call", params }));
  const uris = ["websets://events/event_1", "websets://websets/webset_1/progress", `websets://events/${deep}`];
  const requests = [...calls, ...uris.map((uri) => ({ method: "resources/read", params: { uri } }))];
  requests.forEach((request, n) => {
    program.write(`${line(request, String(n + 1))}\n`);
  });
  await eventually(() => program.lines.length > requests.length, { what: "all answers" });
  for (const answer of program.lines) expect(answer).not.toContain("nobody foresaw");
  for (const [id, answer] of [1, 2, 3, 7].map((id) => [id, program.lines.find((one) => JSON.parse(one).id === id)])) {
    expect(answer, `answer ${id}`).toContain("[cut: nested deeper]");
  }
  expect(program.stderr).not.toContain("nobody foresaw");
});

test("two requests with one id are both ended by its cancel, and no wait polls on", async ({
  startProgram,
  startSandbox,
}) => {
  const upstream = await startSandbox({ speed: 1 });
  const program = startProgram(["--poll-interval", "0.2"], upstream.env);
  program.write(`${line(INITIALIZE, "0")}\n`);
  const wait = { method: "tools/call", params: { name: "wait_for_webset_event", arguments: { timeoutSeconds: 60 } } };
  program.write(`${line(wait, "1.5")}\n${line(wait, "1.5")}\n`);
  await eventually(() => (upstream.requests.counts["GET /websets/v0/events"] ?? 0) >= 4, { what: "polling" });
  program.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1.5}}\n');
  program.write(`${line({ method: "ping" }, "2")}\n`);
  await eventually(() => program.lines.length === 2, { what: "the answer to the ping" });
  // A poll may have been under way.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const polled = upstream.requests.total;
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(upstream.requests.total).toBe(polled);
  expect(program.lines.map((answer) => JSON.parse(answer).id)).toEqual([0, 2]);
});

test("stdout is well-formed, without what breaks lines, and names come out as they were", async ({
  startProgram,
  startSandbox,
}) => {
  const { env, world } = await startSandbox();
  const name = "می\u200cخواهم Donau\u00addampf 👩🏽\u200d🚀 ❤\ufe0f";
  const text = "half \ud83d, lines\u2028and\u2029paragraphs\u0085, \\ud83d in words";
  const properties = { type: "company", url: "https://a.example/", company: { name }, description: text };
  const { id } = world.record("webset.item.created", { id: "item_1", websetId: "webset_1", properties });
  const program = startProgram([], env);
  program.write(`${line(INITIALIZE, "0")}\n`);
  const args = { eventId: id, detail: "full" };
  program.write(`${line({ method: "tools/call", params: { name: "get_webset_event", arguments: args } }, "1")}\n`);
  program.write(`${line({ method: "resources/read", params: { uri: `websets://events/${id}` } }, "2")}\n`);
  await eventually(() => program.lines.length === 3, { what: "both answers" });
  expect(program.stdout).not.toMatch(/[\u0085\u2028\u2029\p{Cs}]/u);
  const [, one, two] = program.lines.map((answer) => JSON.parse(answer)).sort((a, b) => a.id - b.id);
  const { content, structuredContent } = one.result;
  expect(content[0].text).toBe(JSON.stringify(structuredContent));
  expect(structuredContent.event.summary).toContain(`"${name}"`);
  const whole = text.replace("\ud83d", "\ufffd");
  expect(structuredContent.event.data.properties.description).toBe(whole);
  expect(JSON.parse(two.result.contents[0].text).data.properties.description).toBe(whole);
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
