import { connect } from "node:net";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { A_KEY, openHttp } from "./support.ts";

test("a client that is too slow with its headers is cut, and so is one that does not read", async () => {
  const { url, entries } = await openHttp();
  const port = Number(new URL(url).port);
  const writing = connect(port, "127.0.0.1");
  writing.write("POST /mcp HTTP/1.1\r\nhost: localhost\r\n");
  let answer = "";
  writing.on("data", (data) => {
    answer += data;
  });

  // More than systems keep for a reader: each is answered under its id.
  const body = JSON.stringify({ jsonrpc: "2.0", id: "x".repeat(1_000_000), method: "ping" });
  const headers = `host: localhost\r\nx-api-key: ${A_KEY}\r\ncontent-type: application/json\r\naccept: */*`;
  const reading = connect(port, "127.0.0.1").pause();
  reading.on("error", () => {});
  reading.write(`POST /mcp HTTP/1.1\r\n${headers}\r\ncontent-length: ${body.length}\r\n\r\n${body}`.repeat(16));

  await new Promise((resolve) => writing.once("close", resolve));
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  const { cut } = await eventually(() => entries.find(({ status, cut }) => status === 200 && cut));
  expect(cut).toBe(true);
  reading.destroy();
});
