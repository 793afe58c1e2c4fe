import { widthOf } from "../../src/cli/terminal.ts";

const TOKEN = /\u001b\[(\d*)([A-Za-z])|\r|\n|\u001b|[^\r\n\u001b]+/g;
const graphemes = new Intl.Segmenter();

/**
 * What a terminal of so many columns shows after an output, line by line, without colours: as much of a terminal as our programs
 * use. Throws on anything else.
 */
export function screenOf(output: string, columns: number): string[] {
  const lines: string[][] = [[]];
  let [row, column] = [0, 0];
  const line = () => {
    while (lines.length <= row) lines.push([]);
    return lines[row] as string[];
  };
  const put = (text: string) => {
    for (const { segment } of graphemes.segment(text)) {
      const width = widthOf(segment);
      if (column + width > columns) [row, column] = [row + 1, 0];
      const cells = line();
      while (cells.length < column) cells.push(" ");
      cells.splice(column, width, segment, ...Array(Math.max(0, width - 1)).fill(""));
      column += width;
    }
  };
  for (const [text, number, letter] of output.matchAll(TOKEN)) {
    if (text === "\r") column = 0;
    // Lines end in both on a terminal; a pseudo-terminal has added the first.
    else if (text === "\n") [row, column] = [row + 1, 0];
    else if (letter === undefined && text !== "\u001b") put(text);
    else if (letter === "A") row = Math.max(0, row - Number(number || 1));
    else if (letter === "K" && number === "2") lines[row] = [];
    else if (letter !== "m") throw new Error(`${JSON.stringify(text)} is no sequence that this screen knows`);
    line();
  }
  const shown = lines.map((cells) => cells.join("").trimEnd());
  while (shown.at(-1) === "") shown.pop();
  return shown;
}
