import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { MOST_UNREAD_BYTES, StdioTransport, type Streams } from "../../src/cli/stdio-transport.ts";
import { silentLog } from "../../src/shared/log.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A transport whose every request is answered at once with so many characters, between a host's two streams. */
async function open(answerLength: number) {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const transport = new StdioTransport({ stdin, stdout } as unknown as Streams, silentLog, (text) => text);
  let requests = 0;
  transport.onmessage = (message) => {
    requests++;
    if (!("id" in message)) return;
    const result = { text: "x".repeat(answerLength) };
    transport.send({ jsonrpc: "2.0", id: message.id as number, result }).catch(() => {});
  };
  let isClosed = false;
  transport.onclose = () => {
    isClosed = true;
  };
  await transport.start();
  const request = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}\n`;
  return { stdin, stdout, transport, request, taken: () => requests, isClosed: () => isClosed };
}

test("a host that does not read its answers is not read either beyond a bound, and then loses none", async () => {
  const { stdin, stdout, transport, request, taken } = await open(10_000);
  const all = 4_000;
  for (let id = 0; id < all; id++) {
    stdin.write(request(id));
    await turn();
  }
  expect(stdout.writableLength).toBeGreaterThan(MOST_UNREAD_BYTES);
  expect(stdout.writableLength).toBeLessThan(2 * MOST_UNREAD_BYTES);
  expect(taken()).toBeLessThan(300);
  // Progress is no news to such a host.
  const before = stdout.writableLength;
  const params = { progressToken: 1, progress: 1 };
  await transport.send({ jsonrpc: "2.0", method: "notifications/progress", params });
  expect(stdout.writableLength).toBe(before);

  let read = "";
  stdout.on("data", (chunk: Buffer) => {
    read += chunk;
  });
  for (let turns = 0; turns < 20_000 && read.split("\n").length <= all; turns++) await turn();
  const ids = read
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).id);
  expect(ids).toEqual(Array.from({ length: all }, (_, id) => id));
});

test("what is under way when stdin ends is answered before the connection ends", async () => {
  const { stdin, stdout, transport, request, isClosed } = await open(10);
  let finish = () => {};
  transport.onmessage = (message) => {
    finish = () => void transport.send({ jsonrpc: "2.0", id: (message as { id: number }).id, result: {} });
  };
  stdout.setEncoding("utf8");
  stdin.end(request(7).trimEnd());
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(isClosed()).toBe(false);
  finish();
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(stdout.read()).toContain('"id":7');
  expect(isClosed()).toBe(true);
});

test("a host that has gone altogether ends the connection at once", async () => {
  const { stdin, stdout, transport, request, isClosed } = await open(10);
  transport.onmessage = () => {};
  stdin.end(request(7));
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(isClosed()).toBe(false);
  stdout.destroy(new Error("EPIPE"));
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(isClosed()).toBe(true);
});
