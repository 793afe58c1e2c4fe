import type { SandboxAnswer } from "../message.ts";
import type { Page } from "../page.ts";

/** Entries of any list: nothing more is known of them. */
export type Entry = Record<string, unknown>;

/** The page a list answered with; undefined for any other answer. */
export function pageOf({ status, body }: SandboxAnswer): Page<Entry> | undefined {
  if (status !== 200) return undefined;
  try {
    const page: unknown = JSON.parse(body);
    const isPage = typeof page === "object" && page !== null && "data" in page && Array.isArray(page.data);
    return isPage ? (page as Page<Entry>) : undefined;
  } catch {
    // Some other fault has been here already.
    return undefined;
  }
}

export function withPage(answer: SandboxAnswer, page: Page<Entry>): SandboxAnswer {
  return { ...answer, body: JSON.stringify(page) };
}

export function idOf(entry: Entry | undefined): string | undefined {
  return typeof entry?.id === "string" ? entry.id : undefined;
}
