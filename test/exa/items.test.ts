import { expect, test } from "vitest";
import { parseItem, parseItemPage, parseWebsetPage } from "../../src/exa/schemas.ts";
import { itemFacts } from "../../src/webset/item-facts.ts";

const item = (more: Record<string, unknown> = {}) => ({
  id: "witem_1",
  properties: { url: "https://a.example/" },
  ...more,
});

test("an item of an id alone reads with every other field at its fallback", () => {
  expect(parseItem({ id: "witem_1" })).toEqual({
    id: "witem_1",
    websetId: null,
    properties: { url: null },
    evaluations: [],
    enrichments: [],
    createdAt: null,
    updatedAt: null,
  });
  expect(() => parseItem({ properties: {} })).toThrow('no usable "id"');
  expect(parseItem(item({ enrichments: null, evaluations: "none" }))).toMatchObject({
    enrichments: [],
    evaluations: [],
  });
});

test("page text is cut when it arrives", () => {
  const { data } = parseItemPage({ data: [item({ properties: { content: "word ".repeat(50_000) } })] });
  expect(data[0]?.properties.content).toMatch(/^word .{1,2040}\[cut: 250000 characters in all\]$/s);
});

test("a page leaves out what has no id, and tells how many those are; without a list it is none", () => {
  expect(parseItemPage({ data: [item(), {}, null, item({ id: 7 })], nextCursor: "c" })).toMatchObject({
    data: [{ id: "witem_1" }, { id: "7" }],
    malformed: 2,
    nextCursor: "c",
  });
  expect(() => parseItemPage({ items: [] })).toThrow('no usable "data"');
  expect(() => parseWebsetPage([])).toThrow("is not an object");
});

test.each([
  [{ hasMore: false, nextCursor: "c" }, null],
  [{ hasMore: true, nextCursor: null }, null],
  [{ hasMore: true, nextCursor: "c" }, "c"],
  [{ nextCursor: "c" }, "c"],
  [{ nextCursor: "" }, null],
])("a page of %j goes on at %j", (more, nextCursor) => {
  expect(parseWebsetPage({ data: [], ...more }).nextCursor).toBe(nextCursor);
});

test("the facts of an item are its name, its URL, the criteria it meets and its values by title", () => {
  const enrichments = [
    { enrichmentId: "e_1", status: "completed", result: ["a@x.example", "b@x.example"] },
    { enrichmentId: "e_2", status: "completed", result: null },
    { enrichmentId: "e_3", status: "pending", result: null },
    { enrichmentId: "e_4", status: "canceled", result: [] },
  ];
  const titles = new Map([
    ["e_1", "Contact"],
    ["e_2", "Contact"],
    ["e_3", "Founded"],
  ]);
  const properties = { type: "company", url: "https://a.example/", company: { name: "A\u202e\nB" } };
  const evaluations = ["yes", "no", "unclear"].map((satisfied) => ({ criterion: "c", satisfied }));
  expect(itemFacts(parseItem(item({ properties, evaluations, enrichments })), titles)).toEqual({
    itemId: "witem_1",
    name: "A B",
    url: "https://a.example/",
    criteria: "1 of 3",
    enrichments: { Contact: "a@x.example, b@x.example", "Contact (2)": null, e_4: null },
    pending: ["Founded"],
  });
  expect(itemFacts(parseItem(item({ properties: {} })), titles)).toMatchObject({ name: null, url: null });
});

test.each([
  ["none", null, null],
  ["no field", undefined, null],
  ["values", ["a", "b"], ["a", "b"]],
  ["a value that is no list", "a", ["a"]],
  ["a number", 5, ["5"]],
  ["a value among what is none", [null, "a", {}, 5, false], ["a", "5", "false"]],
  ["an object", { a: 1 }, []],
])("what an enrichment found is read wherever it stands: %s", (_, result, found) => {
  const { enrichments } = parseItem(item({ enrichments: [{ enrichmentId: "e", status: "completed", result }] }));
  expect(enrichments[0]?.result).toEqual(found);
});
