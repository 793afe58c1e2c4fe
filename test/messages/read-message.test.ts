import { isJSONRPCNotification, isJSONRPCRequest } from "@modelcontextprotocol/server";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { restoreIds } from "../../src/messages/message-id.ts";
import { readMessages } from "../../src/messages/read-message.ts";

/** What a line is read as, with the client's own ids. */
function readAs(line: string): { kind: string; message?: unknown; answer?: unknown }[] {
  return JSON.parse(restoreIds(JSON.stringify(readMessages(line))));
}

const request = (more: object) => JSON.stringify({ jsonrpc: "2.0", id: 7, method: "ping", ...more });

describe("a line of stdin", () => {
  test.each([
    ["params: null", { params: null }, {}],
    ["params as PHP writes an empty object", { params: [] }, {}],
    ["_meta: null", { params: { _meta: null, a: 1 } }, { params: { a: 1 } }],
    ["progressToken: null", { params: { _meta: { progressToken: null, a: 1 } } }, { params: { _meta: { a: 1 } } }],
    ["a progressToken that is a fraction", { params: { _meta: { progressToken: 1.5 } } }, undefined],
    ["null among its parameters", { params: { cursor: null, a: { b: null } } }, { params: { a: {} } }],
    ["arguments: null", { params: { name: "x", arguments: null } }, { params: { name: "x" } }],
    ["arguments that hold null", { params: { arguments: { a: null } } }, undefined],
    ["further keys beside params", { sessionId: "s", result: null }, {}],
    ["an id that is a fraction", { id: 1.5 }, undefined],
    ["an id that is no well-formed text", { id: "\ud800" }, undefined],
    ["an empty id", { id: "" }, undefined],
  ])("with %s is a request that the SDK takes", (_, given, expected) => {
    const taken = readMessages(request(given));
    expect(taken.map((one) => one.kind === "message" && isJSONRPCRequest(one.message))).toEqual([true]);
    const message = { jsonrpc: "2.0", id: 7, method: "ping", ...(expected ?? given) };
    expect(readAs(request(given))).toEqual([{ kind: "message", message }]);
  });

  test.each([
    [
      "initialize",
      { protocolVersion: "x", capabilities: null, clientInfo: { name: "a", version: null } },
      { protocolVersion: "x", capabilities: {}, clientInfo: { name: "a", version: "" } },
    ],
    [
      "initialize",
      { protocolVersion: "x", clientInfo: null },
      { protocolVersion: "x", capabilities: {}, clientInfo: { name: "", version: "" } },
    ],
    ["prompts/get", { name: "p", arguments: { a: 5, b: null, c: "d" } }, { name: "p", arguments: { a: "5", c: "d" } }],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "p" }, argument: { name: "a", value: null } },
      { ref: { type: "ref/prompt", name: "p" }, argument: { value: "", name: "a" } },
    ],
    ["tools/call", { name: "t", arguments: '{"a":null}' }, { name: "t", arguments: { a: null } }],
  ])("that calls %s with %j is put right", (method, params, right) => {
    expect(readAs(request({ method, params }))).toEqual([
      { kind: "message", message: { jsonrpc: "2.0", id: 7, method, params: right } },
    ]);
  });

  test.each([
    ["initialize", { protocolVersion: null }, "params.protocolVersion has to be a string"],
    ["initialize", { protocolVersion: "x", capabilities: "all" }, "params.capabilities has to be an object"],
    ["resources/read", { uri: null }, "params.uri has to be a string"],
    ["resources/subscribe", {}, "params.uri has to be a string"],
    ["resources/unsubscribe", { uri: 5 }, "params.uri has to be a string"],
    ["prompts/get", { name: "p", arguments: { a: [] } }, "params.arguments.a has to be a string"],
    ["completion/complete", { ref: null, argument: { name: "a" } }, "params.ref is not what the protocol says"],
    ["tools/call", { name: null }, "params.name has to be a string"],
    ["tools/call", { name: "t", arguments: "a" }, "params.arguments has to be an object"],
    ["tools/list", { cursor: 5 }, "params.cursor has to be a string"],
  ])("that calls %s with %j is refused in our own words", (method, params, words) => {
    expect(readAs(request({ method, params }))).toEqual([
      {
        kind: "refused",
        answer: { jsonrpc: "2.0", id: 7, error: { code: -32602, message: `Invalid params: ${words}` } },
      },
    ]);
  });

  test.each([
    "12345678901234567890",
    "-9007199254740993",
    "1e400",
    "0.1000000000000000055511151231257827",
    '"\\ud800\\u0041"',
  ])("has its id %s back letter by letter", (raw) => {
    const line = `{"id" : ${raw} ,"method":"ping","params":{"id":1,"_meta":{"id":2}},"jsonrpc":"2.0"}`;
    expect(restoreIds(JSON.stringify(readMessages(line)))).toContain(`"id":${raw},`);
    const malformed = line.replace("ping", "\t");
    expect(restoreIds(JSON.stringify(readMessages(malformed)))).toContain(`"id":${raw},"error"`);
  });

  test.each([
    ["no JSON", "garbage", -32700],
    ["text", '"text"', -32600],
    ["null", "null", -32600],
    ["an empty batch", "[]", -32600],
    ["a batch of nothing that is a message", "[1,[],null]", -32600],
    ["an id that is none", request({ id: true }), -32600],
    ["an id of null", request({ id: null }), -32600],
    ["an object as id", request({ id: { a: 1 } }), -32600],
    ["no id and another version", '{"jsonrpc":"1.0","method":"ping"}', -32600],
  ])("that is %s is answered once, without an id", (_, line, code) => {
    expect(readAs(line)).toEqual([
      { kind: "refused", answer: { jsonrpc: "2.0", error: expect.objectContaining({ code }) } },
    ]);
  });

  test.each([
    ["no whole JSON", '{"jsonrpc":"2.0","id":7,"method":"pi', -32700],
    ["no JSON for a number it holds", '{"jsonrpc":"2.0","method":"x","params":{"id":1,"limit":NaN},"id":7}', -32700],
    ["of another version", request({ jsonrpc: "1.0" }), -32600],
    ["of a number as version", request({ jsonrpc: 2 }), -32600],
    ["without a method", request({ method: undefined }), -32600],
    ["with a number as method", request({ method: 5 }), -32600],
    ["with text as params", request({ params: "a" }), -32602],
    ["with a list as params", request({ params: [1] }), -32602],
    ["with text as _meta", request({ params: { _meta: "a" } }), -32602],
    ["with an object as progressToken", request({ params: { _meta: { progressToken: {} } } }), -32602],
    [
      "with a _meta that the protocol does not have",
      request({ params: { _meta: { "io.modelcontextprotocol/related-task": 1 } } }),
      -32600,
    ],
  ])("that is %s is refused under its id", (_, line, code) => {
    const answer = { jsonrpc: "2.0", id: 7, error: expect.objectContaining({ code }) };
    expect(readAs(line)).toEqual([{ kind: "refused", answer }]);
  });

  test("may begin with a byte order mark, and be a notification that says so with null", () => {
    const line = '\ufeff{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}';
    const [one] = readMessages(line);
    expect(one?.kind === "message" && isJSONRPCNotification(one.message)).toBe(true);
  });

  test("that is an answer is passed over: nothing was asked", () => {
    expect(readMessages('{"jsonrpc":"2.0","id":7,"result":{}}')).toEqual([]);
    expect(readMessages('{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""}}')).toEqual([]);
  });

  test("that is a batch is each of its messages, with one answer for all that have no id", () => {
    const line = `[${request({ id: 1 })},1,2,${request({ id: 2, params: 5 })},[{"id":9}],${request({ id: 3.5 })},{"id":90071992547409931,"jsonrpc":"2.0","method":"ping"}]`;
    expect(readAs(line)).toMatchObject([
      { kind: "message", message: { id: 1 } },
      { kind: "refused", answer: { error: { code: -32600 } } },
      { kind: "refused", answer: { id: 2, error: { code: -32602 } } },
      { kind: "message", message: { id: 3.5 } },
      {},
    ]);
    expect(restoreIds(JSON.stringify(readMessages(line)))).toContain('"id":90071992547409931,');
  });

  test("of any JSON is read without failing, and what is passed on the SDK takes", () => {
    const json = fc.json({ maxDepth: 4 });
    const fields = fc.record(
      {
        jsonrpc: fc.constantFrom("2.0", "1.0", 2, null),
        id: json,
        method: fc.constantFrom("ping", "tools/call", ""),
        params: json,
      },
      { requiredKeys: [] },
    );
    const line = fields.map(({ id, params, ...rest }) => {
      const parts = Object.entries(rest).map(([key, value]) => `"${key}":${JSON.stringify(value)}`);
      if (id !== undefined) parts.push(`"id":${id}`);
      if (params !== undefined) parts.push(`"params":${params}`);
      return `{${parts.join(",")}}`;
    });
    fc.assert(
      fc.property(fc.oneof(line, json, fc.string()), (text) => {
        for (const one of readMessages(text)) {
          if (one.kind === "message") {
            expect(isJSONRPCRequest(one.message) || isJSONRPCNotification(one.message)).toBe(true);
          }
        }
      }),
    );
  });
});
