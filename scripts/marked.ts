/** The text between the markers `<!-- name -->` and `<!-- /name -->` of a page; undefined where it has none. */
export function markedText(page: string, name: string): string | undefined {
  const [begin, end] = placeOf(page, name);
  return begin === -1 ? undefined : page.slice(begin, end).trim();
}

/** The page with another text between these markers. */
export function withMarkedText(page: string, name: string, text: string): string {
  const [begin, end] = placeOf(page, name);
  if (begin === -1) throw new Error(`The page has no <!-- ${name} --> with a <!-- /${name} --> after it`);
  return `${page.slice(0, begin)}\n${text}\n${page.slice(end)}`;
}

function placeOf(page: string, name: string): [begin: number, end: number] {
  const [opening, closing] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [begin, end] = [page.indexOf(opening), page.indexOf(closing)];
  return begin === -1 || end < begin ? [-1, -1] : [begin + opening.length, end];
}
