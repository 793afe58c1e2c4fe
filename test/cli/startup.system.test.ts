import { expect, test } from "vitest";
import { bundle } from "../../scripts/bundle.mjs";

const PACKAGE = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** What of our sources and of packages is loaded together with one of our files. */
async function loadedWith(source: string): Promise<string[]> {
  const { metafile } = await bundle("dist");
  const outputs = new Map(Object.entries(metafile.outputs));
  const first = [...outputs].filter(([, { entryPoint }]) => entryPoint === source).map(([path]) => path);
  expect(first).toHaveLength(1);
  const loaded = new Set(first);
  for (const path of loaded) {
    for (const { path: from, kind } of outputs.get(path)?.imports ?? []) {
      if (kind === "import-statement") loaded.add(from);
    }
  }
  return [...loaded].flatMap((path) =>
    Object.entries(outputs.get(path)?.inputs ?? {})
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([input]) => PACKAGE.exec(input)?.[1] ?? input),
  );
}

test("a host that starts the server loads nothing of the commands for people, of the sandbox, nor of what replicas share", async () => {
  const loaded = await loadedWith("src/cli/main.ts");
  expect(loaded).toContain("src/tools/mount.ts");
  expect(loaded).toContain("zod");
  const superfluous =
    /^(?:commander|string-width|src\/sandbox\/.*|src\/state\/.*|src\/feed\/shared-polls\.ts|src\/cli\/(?:people|commands.*|command-context|terminal|table|help|demo\/.*)\.ts)$/;
  expect(loaded.filter((input) => superfluous.test(input))).toEqual([]);
});

test("whoever asks for help loads neither the tools nor the API's client", async () => {
  const loaded = await loadedWith("src/cli/people.ts");
  expect(loaded).toContain("commander");
  expect(loaded.filter((input) => /^src\/(?:tools|feed|webset|exa\/client)\b/.test(input))).toEqual([]);
});
