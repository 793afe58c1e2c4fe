/** The one of `names` that takes the fewest changes of single characters to get to from `text`. */
export function nearest<T extends string>(text: string, names: readonly T[]): T | undefined {
  let best: { name: T; changes: number } | undefined;
  for (const name of names) {
    const changes = countChanges(text, name);
    if (best === undefined || changes < best.changes) best = { name, changes };
  }
  return best?.name;
}

/** Levenshtein's distance, row by row. */
function countChanges(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
