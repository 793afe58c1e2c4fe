import { describe, expect, test } from "vitest";
import type { FaultName } from "../../../src/sandbox/faults.ts";
import { deliver } from "../../../src/sandbox/message.ts";
import { API } from "../support.ts";
import { openWithFaults } from "./support.ts";

async function answerWith(name: FaultName) {
  const { sandbox, clock } = openWithFaults([{ name }]);
  const answer = await sandbox.handle({ method: "GET", url: `${API}/events`, headers: { "x-api-key": "any" } });
  return { answer, clock };
}

describe("without a socket", () => {
  test("an answer nothing befell arrives as it was sent", async () => {
    const { answer } = await answerWith("error-500");
    expect(await deliver(answer)).toEqual(answer);
  });

  test.each<[FaultName, string]>([
    ["refused", "ECONNREFUSED"],
    ["reset", "ECONNRESET"],
    ["reset-after-headers", "ECONNRESET"],
    ["cut-body", "ECONNRESET"],
  ])("%s rejects with %s", async (name, code) => {
    await expect(deliver((await answerWith(name)).answer)).rejects.toMatchObject({ code });
  });

  test.each<[FaultName, string, number]>([
    ["no-headers", "TIMEOUT_headers", 15_000],
    ["stalled-body", "TIMEOUT_body", 30_000],
  ])("%s rejects with %s when the clock has had enough", async (name, code, ms) => {
    const { answer, clock } = await answerWith(name);
    const start = clock.now();
    await expect(clock.until(deliver(answer, { clock }))).rejects.toMatchObject({ code });
    expect(clock.now() - start).toBe(ms);
  });

  test.each<FaultName>(["no-headers", "stalled-body"])(
    "%s ends with its signal, with a clock or without",
    async (name) => {
      const { answer, clock } = await answerWith(name);
      for (const reception of [{}, { clock }]) {
        const stop = new AbortController();
        const delivered = deliver(answer, { ...reception, signal: stop.signal });
        stop.abort();
        await expect(delivered).rejects.toMatchObject({ name: "AbortError" });
      }
      expect(clock.sleeping).toBe(0);
    },
  );

  test("nothing arrives at somebody who has gone", async () => {
    const { answer } = await answerWith("no-date");
    await expect(deliver(answer, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });

  test("an answer of 50 MB is there, or refused in the client's own words", async () => {
    const { answer } = await answerWith("huge-answer");
    expect((await deliver(answer)).body.length).toBe(50_000_000);
    const maxBytes = 2 ** 25;
    await expect(deliver(answer, { maxBytes })).rejects.toMatchObject({ code: "TOO_LARGE" });
    const tooLarge = (limit: number) => new Error(`more than ${limit}`);
    await expect(deliver(answer, { maxBytes, tooLarge })).rejects.toThrow("more than 33554432");
  });
});
