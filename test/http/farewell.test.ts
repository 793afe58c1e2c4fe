import { expect, test } from "vitest";
import { FakeClock } from "../support/fake-clock.ts";
import { messagesOf, openHttp } from "./support.ts";

test("a process that is to end and has nothing to do says so for some time before nobody is there", async () => {
  const clock = new FakeClock();
  const { server, origin, post } = await openHttp({ clock });
  await messagesOf(await post({ jsonrpc: "2.0", id: 1, method: "tools/list" }));
  let isClosed = false;
  const closed = server.close(3_000).then(() => {
    isClosed = true;
  });
  await clock.advance(2_900);
  expect((await fetch(`${origin}/ready`)).status).toBe(503);
  const refused = await post({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("2");
  expect(isClosed).toBe(false);
  await clock.advance(100);
  await closed;
  await expect(fetch(`${origin}/health`)).rejects.toThrow();
  expect(clock.sleeping).toBe(0);
});
