import { describe, expect, test } from "vitest";
import { type Column, layOut } from "../../src/cli/table.ts";
import { cut, openTerminal, widthOf } from "../../src/cli/terminal.ts";
import { FakeStream } from "../support/command-world.ts";

interface Row {
  id: string;
  name: string;
  note: string;
}

const COLUMNS: Column<Row>[] = [
  { title: "ID", text: ({ id }) => id, rank: 0 },
  { title: "NAME", text: ({ name }) => name, least: 6, rank: 0 },
  { title: "NOTE", text: ({ note }) => note, least: 8, rank: 1 },
];
const ROWS: Row[] = [
  { id: "one", name: "A name of some length", note: "a note that is longer than others" },
  { id: "three", name: "日本の会社", note: "" },
];

const drawn = (width: number, rows = ROWS, columns = COLUMNS) => {
  const terminal = openTerminal(new FakeStream(width), { env: { NO_COLOR: "1" }, redact: (text) => text });
  const table = layOut(columns, rows, terminal);
  return { ...table, all: [...(table.heading === undefined ? [] : [table.heading]), ...rows.flatMap(table.lines)] };
};

describe("a table", () => {
  test("is as wide as its texts where there is room", () => {
    expect(drawn(200).all).toEqual([
      "ID     NAME                   NOTE",
      "one    A name of some length  a note that is longer than others",
      "three  日本の会社",
    ]);
  });

  test("gives what room there is to the rows before the titles", () => {
    const columns: Column<Row>[] = [
      { title: "A LONG TITLE OF A SHORT COLUMN", text: ({ id }) => id, least: 5, rank: 0 },
      { title: "NOTE", text: ({ note }) => note, least: 8, rank: 0 },
    ];
    expect(drawn(44, ROWS, columns).all).toEqual([
      "A LONG T…  NOTE",
      "one        a note that is longer than others",
      "three",
    ]);
  });

  test("cuts what may be cut, and marks it", () => {
    expect(drawn(40).all).toEqual([
      "ID     NAME             NOTE",
      "one    A name of some…  a note that is…",
      "three  日本の会社",
    ]);
  });

  test("leaves out what it has no room for, and says so", () => {
    const { all, dropped } = drawn(20);
    expect(dropped).toEqual(["NOTE"]);
    expect(all).toEqual(["ID     NAME", "one    A name of so…", "three  日本の会社"]);
  });

  test("is a block of lines for each row where not even that has room", () => {
    const { all, heading, dropped } = drawn(12);
    expect({ heading, dropped }).toEqual({ heading: undefined, dropped: [] });
    expect(all).toEqual(["one", "  A name of…", "  a note th…", "three", "  日本の会社"]);
  });

  test("never goes beyond the terminal, at any width", () => {
    for (let columns = 6; columns < 90; columns++) {
      for (const line of drawn(columns).all) expect(widthOf(line), `${columns}: ${line}`).toBeLessThanOrEqual(columns);
    }
  });
});

test("a text is cut between characters, however wide they are", () => {
  expect(cut("abcdef", 6)).toBe("abcdef");
  expect(cut("abcdef", 5)).toBe("abcd…");
  expect(cut("日本の会社", 6)).toBe("日本…");
  expect(cut("👩‍👩‍👧‍👦 family", 4)).toBe("👩‍👩‍👧‍👦…");
  expect(cut("abc", 0)).toBe("");
});
