import { once } from "node:events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLineGuard, type LineTrouble } from "../../src/cli/stdin-lines.ts";

/** What a guard passes on and reports when these pieces arrive one after another. */
async function through(pieces: (string | Buffer)[], longest?: number) {
  const troubles: LineTrouble[] = [];
  const guard = createLineGuard((trouble) => troubles.push(trouble), longest);
  const passed: Buffer[] = [];
  guard.on("data", (chunk: Buffer) => passed.push(chunk));
  for (const piece of pieces) guard.write(piece);
  guard.end();
  await once(guard, "end");
  return { passed: Buffer.concat(passed).toString(), troubles };
}

const message = (id: number, text = "") => JSON.stringify({ jsonrpc: "2.0", id, method: text });

describe("the lines of stdin", () => {
  test("are passed on whole, each with its line break", async () => {
    const lines = `${message(1)}\n${message(2)}\n`;
    expect(await through([lines])).toEqual({ passed: lines, troubles: [] });
  });

  test("may come in any pieces, even within a character", async () => {
    const text = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(), { maxLength: 10 }), async (texts, cuts) => {
        const lines = texts.map((one, index) => `${message(index, one)}\n`).join("");
        const bytes = Buffer.from(lines);
        const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        expect(await through(pieces)).toEqual({ passed: lines, troubles: [] });
      }),
    );
  });

  test("that are empty mean nothing", async () => {
    expect(await through(["\n", "\r\n", "   \n\n", `${message(1)}\r\n`])).toEqual({
      passed: `${message(1)}\r\n`,
      troubles: [],
    });
  });

  test.each(["{", "hello", '{"jsonrpc":"2.0",}', "\u0000", '\ufeff{"jsonrpc":"2.0"}x'])(
    "%j is no JSON, is told and left out",
    async (line) => {
      expect(await through([`${line}\n${message(1)}\n`])).toEqual({
        passed: `${message(1)}\n`,
        troubles: ["not_json"],
      });
    },
  );

  test.each([
    "1",
    "null",
    '"text"',
    "[]",
    `[${message(1)}]`,
    "{}",
    '{"jsonrpc":"1.0","id":1}',
    '{"id":1,"method":"ping"}',
  ])("%s is JSON but no message, is told and left out", async (line) => {
    expect(await through([`${line}\n${message(1)}\n`])).toEqual({
      passed: `${message(1)}\n`,
      troubles: ["no_message"],
    });
  });

  test("are told once when too long, however much of them comes, and what follows is passed on", async () => {
    const long = message(1, "x".repeat(200));
    expect(await through([long, long, `${long}\n${message(2)}\n`, `${long}\n`], 100)).toEqual({
      passed: `${message(2)}\n`,
      troubles: ["too_long", "too_long"],
    });
  });

  test("may be exactly as long as the longest", async () => {
    const line = message(1);
    expect(await through([`${line}\n`], line.length)).toEqual({ passed: `${line}\n`, troubles: [] });
    expect(await through([`${line}\n`], line.length - 1)).toEqual({ passed: "", troubles: ["too_long"] });
  });

  test("that break off are told at the end, if they have not been before", async () => {
    expect(await through([message(1)])).toEqual({ passed: "", troubles: ["not_json"] });
    expect(await through(["x".repeat(20)], 10)).toEqual({ passed: "", troubles: ["too_long"] });
    expect(await through([`${message(1)}\n`, ""])).toEqual({ passed: `${message(1)}\n`, troubles: [] });
  });
});
