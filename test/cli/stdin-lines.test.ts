import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineReader } from "../../src/cli/line-reader.ts";

/** The lines in these pieces, and the ids of those that are too long. */
function through(pieces: (string | Buffer)[], longest?: number) {
  const lines: string[] = [];
  const tooLong: (string | undefined)[] = [];
  const reader = new LineReader({ onLine: (line) => lines.push(line), onTooLong: (id) => tooLong.push(id) }, longest);
  for (const piece of pieces) reader.push(Buffer.from(piece));
  const early = tooLong.length;
  reader.end();
  return { lines, tooLong, early };
}

const message = (id: number, text = "") => JSON.stringify({ jsonrpc: "2.0", id, method: text });

describe("the lines of stdin", () => {
  test("may come in any pieces, even within a character", () => {
    const text = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 10 }), (texts, cuts) => {
        const lines = texts.map((one, index) => message(index, one));
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        expect(through(pieces)).toMatchObject({ lines, tooLong: [] });
      }),
    );
  });

  test("that are empty mean nothing, and one without a break ends with the stream", () => {
    expect(through(["\n", "\r\n", "   \n\n", "half"])).toMatchObject({ lines: ["half"], tooLong: [] });
  });

  test("are told once when too long, however much of them comes, and what follows is passed on", () => {
    const long = message(1, "x".repeat(200));
    const pieces = [long, long, `${long}\n${message(2)}\n`, `${long}\n`];
    expect(through(pieces, 100)).toEqual({ lines: [message(2)], tooLong: ["1", "1"], early: 2 });
  });

  test("may be exactly as long as the longest", () => {
    const line = message(1);
    expect(through([`${line}\n`], line.length)).toMatchObject({ lines: [line], tooLong: [] });
    expect(through([`${line}\n`], line.length - 1)).toMatchObject({ lines: [], tooLong: ["1"] });
  });

  test("that are too long are told with the id at their end, or with none", () => {
    const late = `{"method":"${"x".repeat(200)}","params":{"id":5},"id":"last"}`;
    expect(through([late, "\n"], 100)).toEqual({ lines: [], tooLong: ['"last"'], early: 1 });
    expect(through(["x".repeat(20)], 10)).toEqual({ lines: [], tooLong: [undefined], early: 0 });
  });
});
