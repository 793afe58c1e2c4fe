import { expect, test } from "vitest";
import { bundle } from "../../scripts/bundle.mjs";

const PACKAGE = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** What of our sources and of packages is loaded together with some of our files, which a host waits for. */
async function loadedWith(sources: readonly string[]): Promise<string[]> {
  const { metafile } = await bundle({ cli: "src/cli/entry.ts" }, "dist");
  const outputs = new Map(Object.entries(metafile.outputs));
  const first = [...outputs].filter(([, { entryPoint }]) => sources.includes(entryPoint ?? "")).map(([path]) => path);
  expect(first).toHaveLength(sources.length);
  const loaded = new Set(first);
  for (const path of loaded) {
    for (const { path: from, kind } of outputs.get(path)?.imports ?? [])
      if (kind === "import-statement") loaded.add(from);
  }
  return [...loaded].flatMap((path) =>
    Object.entries(outputs.get(path)?.inputs ?? {})
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([input]) => PACKAGE.exec(input)?.[1] ?? input),
  );
}

test("a host that starts the server loads nothing of the commands for people, nor of the sandbox", async () => {
  const loaded = await loadedWith(["src/cli/entry.ts", "src/cli/main.ts", "src/cli/serve.ts"]);
  expect(loaded).toContain("src/tools/mount.ts");
  expect(loaded).toContain("zod");
  const superfluous =
    /^(?:commander|string-width|src\/sandbox\/.*|src\/cli\/(?:commands.*|command-context|terminal|table|help|demo\/.*)\.ts)$/;
  expect(loaded.filter((input) => superfluous.test(input))).toEqual([]);
});

test("whoever asks for help loads neither the tools nor the API's client", async () => {
  const loaded = await loadedWith(["src/cli/main.ts", "src/cli/commands.ts"]);
  expect(loaded).toContain("commander");
  expect(loaded.filter((input) => /^src\/(?:tools|feed|webset|exa\/client)\b/.test(input))).toEqual([]);
});
