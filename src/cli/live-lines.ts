const ERASE = "\r\u001b[2K";
const UP_AND_ERASE = `\u001b[1A${ERASE}`;

/**
 * Lines at the end of a terminal that are drawn again in their place, while others are written above them. It belongs to all streams that lead
 * to that terminal, for what one of them writes has to go above what another one drew.
 */
export class LiveLines {
  #lines: readonly string[] = [];

  /** What to write so that these lines stand there and the ones before do not; lines are not wider than the terminal. */
  replacedBy(lines: readonly string[]): string {
    if (lines.join("\n") === this.#lines.join("\n")) return "";
    const text = this.#erased() + drawn(lines);
    this.#lines = lines;
    return text;
  }

  /** What to write so that whole lines stay above. */
  above(text: string): string {
    return this.#erased() + text + drawn(this.#lines);
  }

  #erased(): string {
    // A terminal shows ^C where its cursor stands.
    return this.#lines.length === 0 ? "" : ERASE + UP_AND_ERASE.repeat(this.#lines.length);
  }
}

function drawn(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
