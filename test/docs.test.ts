import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { commandsIn } from "./support/shell.ts";

const root = join(import.meta.dirname, "..");
const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((page) => join("docs", page));
const pages = [...docs, ...readdirSync(root)].filter((page) => page.endsWith(".md"));
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).map((path) =>
  path.replaceAll(sep, "/"),
);
const textOf = (page: string) => readFileSync(join(root, page), "utf8");

/** What a page names in code: `src/feed/tail.ts`, `test/recorded/`. A name with a star or in capitals stands for many. */
function filesNamedIn(page: string): string[] {
  return [...textOf(page).matchAll(/`((?:src|test|scripts|examples|bench|docs|skills)\/[\w./-]+)`/g)].map(
    ([, path = ""]) => path,
  );
}

/** Links to pages and places of ours: `path` is empty for a place on the same page. */
function linksOf(page: string): { path: string; place: string | undefined }[] {
  return [...textOf(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
    ([, path = "", place]) => ({ path: path === "" ? page : join(dirname(page), path), place }),
  );
}

/** What a page's headings are called in links, as on GitHub. */
function placesOn(page: string): string[] {
  const headings = textOf(page).matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Sources that a page means by a path, which may be the end of one below `src`. */
function sourcesNamed(path: string): string[] {
  if (existsSync(join(root, path))) return [path];
  return sources.filter((source) => `/${source}`.endsWith(`/${path}`)).map((source) => join("src", source));
}

/** What a page says stands in a source: `advance` in `feed/position.ts`. */
function namesIn(page: string): { name: string; path: string }[] {
  const told = textOf(page).matchAll(/((?:`\w+`(?:,\s|\sand\s)?)+)\sin\s`([\w./-]+\.ts)`/g);
  return [...told].flatMap(([, names = "", path = ""]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => ({ name, path })),
  );
}

describe.each(pages)("%s", (page) => {
  test("names no file that is not there", () => {
    expect(filesNamedIn(page).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("links to no page and no place that is not there", () => {
    const astray = linksOf(page).filter(
      ({ path, place }) => !existsSync(join(root, path)) || (place !== undefined && !placesOn(path).includes(place)),
    );
    expect(astray).toEqual([]);
  });

  test("finds names where it says", () => {
    const isIn = (path: string, name: string) => new RegExp(`\\b${name}\\b`).test(textOf(path));
    const astray = namesIn(page).filter(({ name, path }) => !sourcesNamed(path).some((source) => isIn(source, name)));
    expect(astray).toEqual([]);
  });
});

/** There they are named as one reads them: `feed/tail.ts`, and `tail.ts` where its folder was named before. */
test("docs/architecture.md names no source that is not there, and can be read in half an hour", () => {
  const text = textOf(join("docs", "architecture.md"));
  const named = [...text.matchAll(/`([\w/-]+\.ts)`/g)]
    .map(([, path = ""]) => path)
    .filter((path) => !path.startsWith("test/"));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((path) => sourcesNamed(path).length === 0)).toEqual([]);
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
