import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { commandsIn } from "./support/shell.ts";

const root = join(import.meta.dirname, "..");
const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((page) => join("docs", page));
const pages = [...docs, ...readdirSync(root)].filter((page) => page.endsWith(".md"));
const textOf = (page: string) => readFileSync(join(root, page), "utf8");

/** What a page names in code: `src/feed/tail.ts`, `test/recorded/`. A name with a star or in capitals stands for many. */
function filesNamedIn(page: string): string[] {
  return [...textOf(page).matchAll(/`((?:src|test|scripts|examples|bench|docs|skills)\/[\w./-]+)`/g)].map(
    ([, path = ""]) => path,
  );
}

function linksOf(page: string): string[] {
  return [...textOf(page).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, path = ""]) => path);
}

function constantsNamedIn(page: string): { name: string; path: string }[] {
  return [...textOf(page).matchAll(/`([A-Z][A-Z_]+_MS)`\s+in\s+`([\w./-]+)`/g)].map(([, name = "", path = ""]) => ({
    name,
    path,
  }));
}

describe.each(pages)("%s", (page) => {
  test("names no file that is not there", () => {
    expect(filesNamedIn(page).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("links to no page that is not there", () => {
    expect(linksOf(page).filter((path) => !existsSync(join(root, dirname(page), path)))).toEqual([]);
  });

  test("finds its constants where it says", () => {
    const astray = constantsNamedIn(page).filter(({ name, path }) => !textOf(path).includes(name));
    expect(astray).toEqual([]);
  });
});

/** There they are named as one reads them: `feed/tail.ts`, and `tail.ts` where its folder was named before. */
test("docs/architecture.md names no source that is not there, and can be read in half an hour", () => {
  const text = textOf(join("docs", "architecture.md"));
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).map(
    (path) => `/${path.replaceAll(sep, "/")}`,
  );
  const named = [...text.matchAll(/`([\w/-]+\.ts)`/g)]
    .map(([, path = ""]) => path)
    .filter((path) => !path.startsWith("test/"));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((path) => !sources.some((source) => source.endsWith(`/${path}`)))).toEqual([]);
  expect(text.split("\n").length).toBeLessThanOrEqual(250);
});

test("docs/command-line.md has a row for each command", () => {
  const rows = [...textOf(join("docs", "command-line.md")).matchAll(/^\| `(\w+)[^`]*` \|/gm)].map(([, name]) => name);
  expect(rows.toSorted()).toEqual(commandsIn(textOf(join("test", "surface", "help.txt"))).toSorted());
});

test("AGENTS.md says what every folder is for, and every file of src", () => {
  const ignored = textOf(".gitignore").split("\n");
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !ignored.includes(`${entry.name}/`))
    .map(({ name }) => name);
  const ofSource = readdirSync(join(root, "src")).map((name) => `src/${name}`);
  const paths = [...folders.filter((name) => name !== "src"), ...ofSource];
  const [, table = ""] = /^## Where is what\n(.*?)^## /ms.exec(textOf("AGENTS.md")) ?? [];
  const named = [...table.matchAll(/`([\w/.-]+?)\/?`/g)].map(([, path = ""]) => path);
  expect(paths.filter((path) => !named.includes(path))).toEqual([]);
});

test("docs/testing.md names every test of random worlds", () => {
  const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".property.test.ts"),
  );
  const named = filesNamedIn(join("docs", "testing.md"));
  expect(tests.map((path) => `test/${path.replaceAll(sep, "/")}`).filter((path) => !named.includes(path))).toEqual([]);
});

test("each assumption about the API has a page that says what shows it and what breaks", () => {
  const decisions = pages.filter((page) => page.startsWith(join("docs", "decisions")));
  expect(decisions.length).toBeGreaterThan(10);
  for (const page of decisions) {
    for (const part of ["**We assume**", "**Why.**", "**Evidence.**", "**If it is wrong.**"]) {
      expect(textOf(page), `${page} lacks ${part}`).toContain(part);
    }
  }
});
