import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { openHttp } from "./support.ts";

describe("a client that is too slow", () => {
  test("with its headers is cut", async () => {
    const { url } = await openHttp();
    const { port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write("POST /mcp HTTP/1.1\r\nhost: localhost\r\n");
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    await new Promise((resolve) => socket.once("close", resolve));
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });
});
