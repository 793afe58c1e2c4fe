import { expect, test } from "vitest";
import { bundle } from "../../scripts/bundle.mjs";

const PACKAGE = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//;

const { outputs } = (await bundle("dist")).metafile;

/** The files of the bundle that are loaded together with one of our sources. */
function filesLoadedWith(source: string): string[] {
  const first = Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === source);
  expect(first).toHaveLength(1);
  const loaded = new Set(first);
  for (const path of loaded) {
    for (const { path: from, kind } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement") loaded.add(from);
    }
  }
  return [...loaded].filter((path) => path in outputs);
}

/** What a file of the bundle is made of. */
function sourcesOf(path: string): string[] {
  return Object.entries(outputs[path]?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([source]) => source);
}

/** What of our sources and of packages is loaded together with one of our files. */
function loadedWith(source: string): string[] {
  return filesLoadedWith(source)
    .flatMap(sourcesOf)
    .map((input) => PACKAGE.exec(input)?.[1] ?? input);
}

test("a host that starts the server loads nothing of the commands for people, of the sandbox, nor of what replicas share", () => {
  const loaded = loadedWith("src/cli/main.ts");
  expect(loaded).toContain("src/tools/mount.ts");
  expect(loaded).toContain("zod");
  const superfluous =
    /^(?:commander|string-width|src\/sandbox\/.*|src\/state\/.*|src\/feed\/shared-polls\.ts|src\/cli\/(?:people|commands.*|command-context|terminal|table|help|demo\/.*)\.ts)$/;
  expect(loaded.filter((input) => superfluous.test(input))).toEqual([]);
});

test("a host that starts the server loads it in few files, and nothing that checks JSON Schemas", () => {
  const files = filesLoadedWith("src/cli/main.ts");
  // Of main.ts its name, what hosts alone need, what `--help` needs as well, and what esbuild adds.
  expect(files.length).toBeLessThanOrEqual(4);
  expect(files.flatMap(sourcesOf).filter((source) => /node_modules\/.*ajv/i.test(source))).toEqual([]);
});

test("nothing is in two files: an error that one throws is the error that another looks for", () => {
  const all = Object.keys(outputs).flatMap(sourcesOf);
  expect(all).toContain("src/shared/errors.ts");
  expect(all.toSorted()).toEqual([...new Set(all)].sort());
});

test("whoever asks for help loads neither the tools nor the API's client", () => {
  const loaded = loadedWith("src/cli/people.ts");
  expect(loaded).toContain("commander");
  expect(loaded.filter((input) => /^src\/(?:tools|feed|webset|exa\/client)\b/.test(input))).toEqual([]);
});
