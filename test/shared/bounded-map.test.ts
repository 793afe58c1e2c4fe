import { describe, expect, it } from "vitest";
import { BoundedMap } from "../../src/shared/bounded-map.ts";

describe("a bounded map", () => {
  it("forgets what was set longest ago", () => {
    const map = new BoundedMap<string, number>({ entries: 2 });
    map.set("a", 1);
    map.set("b", 2);
    map.set("a", 3);
    map.set("c", 4);
    expect(map.newestKeys()).toEqual(["c", "a"]);
    expect(map.newestValues()).toEqual([4, 3]);
    expect(map.has("b")).toBe(false);
  });

  it("forgets as many as it takes to keep to its size", () => {
    const map = new BoundedMap<string, string>({
      entries: 10,
      size: 6,
      sizeOf: (value, key) => key.length + value.length,
    });
    map.set("a", "1");
    map.set("b", "1");
    map.set("a", "123");
    expect(map.newestKeys()).toEqual(["a", "b"]);
    map.set("c", "1234");
    expect(map.newestKeys()).toEqual(["c"]);
    map.delete("c");
    map.set("d", "12345");
    expect(map.get("d")).toBe("12345");
  });

  it("holds what was set last, however large", () => {
    const map = new BoundedMap<string, string>({ entries: 10, size: 3, sizeOf: ({ length }) => length });
    map.set("a", "1");
    map.set("b", "1234");
    expect(map.newestKeys()).toEqual(["b"]);
    map.set("c", "12");
    expect(map.newestKeys()).toEqual(["c"]);
  });
});
