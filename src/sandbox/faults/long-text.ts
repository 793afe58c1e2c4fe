const LENGTH = 500_000;

let made: string | undefined;

/** 500 KB of page text, made once and shared by all who hold it. */
export function longText(): string {
  if (made === undefined) {
    const lines: string[] = [];
    for (let length = 0, number = 1; length < LENGTH; number++) {
      const line = `Section ${number}: what this page says about it, at a length that only a very patient reader follows.\n`;
      lines.push(line);
      length += line.length;
    }
    made = lines.join("").slice(0, LENGTH);
  }
  return made;
}
