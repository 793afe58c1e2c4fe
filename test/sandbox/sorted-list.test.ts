import { expect, test } from "vitest";
import { LIST_ORDERS, SortedList } from "../../src/sandbox/sorted-list.ts";

test.each(LIST_ORDERS)("a hundred thousand entries are walked %s from anywhere with a few looks", (order) => {
  let looks = 0;
  const list = new SortedList<{ time: number; id: string }>();
  for (let number = 0; number < 100_000; number++) {
    const entry = {
      id: `e${number}`,
      get time() {
        looks++;
        return number * 1_000;
      },
    };
    list.insert(entry);
  }
  looks = 0;
  const walk = list.walk({ order, from: 50_000_000, until: 60_000_000 });
  const ids = Array.from({ length: 3 }, () => walk.next().value?.id);
  expect(ids).toEqual(order === "newest-first" ? ["e60000", "e59999", "e59998"] : ["e50000", "e50001", "e50002"]);
  // Each step of a binary search looks twice.
  expect(looks).toBeLessThan(4 * Math.log2(100_000));
});
