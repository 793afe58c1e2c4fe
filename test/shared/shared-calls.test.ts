import { expect, test } from "vitest";
import { SharedCalls } from "../../src/shared/shared-calls.ts";

/** Calls that the test ends by hand, in the order in which they were begun. */
function open() {
  const calls = new SharedCalls<string>();
  const begun: { signal: AbortSignal; end: (answer: string) => void; fail: (error: Error) => void }[] = [];
  const join = (key: string, signal = new AbortController().signal) =>
    calls.join(key, signal, (own) => new Promise((end, fail) => begun.push({ signal: own, end, fail })));
  return { join, begun };
}

test("who asks for the same thing meanwhile shares the answer, and who comes later begins anew", async () => {
  const { join, begun } = open();
  const shared = [join("a"), join("a")];
  const other = join("b");
  expect(begun).toHaveLength(2);
  begun[0]?.end("one");
  begun[1]?.end("other");
  expect(await Promise.all([...shared, other])).toEqual(["one", "one", "other"]);
  const later = join("a");
  begun[2]?.fail(new Error("no luck"));
  await expect(later).rejects.toThrow("no luck");
  expect(begun).toHaveLength(3);
});

test("a call is aborted when the last of its callers has gone, and then begun anew", async () => {
  const { join, begun } = open();
  const [first, second] = [new AbortController(), new AbortController()];
  const [one, other] = [join("a", first.signal), join("a", second.signal)];
  first.abort();
  await expect(one).rejects.toMatchObject({ name: "AbortError" });
  expect(begun[0]?.signal.aborted).toBe(false);
  second.abort();
  await expect(other).rejects.toMatchObject({ name: "AbortError" });
  expect(begun[0]?.signal.aborted).toBe(true);
  const anew = join("a");
  begun[1]?.end("anew");
  expect(await anew).toBe("anew");
  await expect(join("a", first.signal)).rejects.toMatchObject({ name: "AbortError" });
  expect(begun).toHaveLength(2);
});
