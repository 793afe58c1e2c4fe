import stringWidth from "string-width";

/** How many columns of a terminal a text takes. */
export const widthOf: (text: string) => number = stringWidth;

const graphemes = new Intl.Segmenter();

/** A text of at most `width` columns on a terminal: what is cut ends in a mark. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return "";
  let kept = "";
  let taken = 0;
  for (const { segment } of graphemes.segment(text)) {
    taken += widthOf(segment);
    if (taken > width - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** A text of exactly `width` columns. */
export function padded(text: string, width: number): string {
  const shown = cut(text, width);
  return shown + " ".repeat(Math.max(0, width - widthOf(shown)));
}
