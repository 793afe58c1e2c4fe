import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(read("package.json"));
const yamlFiles = (folder: string) => readdirSync(join(root, folder)).map((name) => join(folder, name));

interface Step {
  run?: string;
  uses?: string;
}

interface Workflow {
  permissions: object;
  jobs: Record<string, { steps: Step[]; strategy?: { matrix: { os: string[]; node: number[] } } }>;
}

describe("a workflow", () => {
  const workflows = yamlFiles(".github/workflows").map((path): [string, Workflow] => [path, parse(read(path))]);

  test.each(workflows)("%s runs only what is there, and may no more than it needs", (_, { permissions, jobs }) => {
    expect(permissions).toEqual({ contents: "read" });
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    const commands = steps.map(({ run = "" }) => run).join("\n");
    for (const [, script = ""] of commands.matchAll(/npm run ([\w-]+)/g))
      expect(manifest.scripts).toHaveProperty(script);
    for (const [path] of commands.matchAll(/(?:\btest|\bscripts|\.ci)\/[\w./-]+/g))
      expect(existsSync(join(root, path)), path).toBe(true);
    for (const { uses } of steps) expect(uses ?? "any@v1").toMatch(/^[\w/-]+@v\d+$/);
  });

  test("tests every Node from the oldest that is supported, on three systems", () => {
    const matrix = workflows.flatMap(([, { jobs }]) => Object.values(jobs)).find(({ strategy }) => strategy)
      ?.strategy?.matrix;
    expect(matrix?.os.map((os) => os.split("-")[0])).toEqual(["ubuntu", "macos", "windows"]);
    expect(matrix?.node).toEqual([20, 22, 24]);
    expect(manifest.engines.node).toMatch(/^>=20\./);
  });
});

test("what the system tests start besides Node is installed in one place, for whoever runs all of them", () => {
  for (const path of [".ci/run", ".github/workflows/test.yml"]) {
    expect(read(path), path).toMatch(/\.ci\/programs\n.*npm run system\b(?! --)/s);
    expect(read(path), path).not.toContain("apt-get");
  }
});

test("every issue form asks for something, and warns of the key where it asks for logs or configurations", () => {
  for (const path of yamlFiles(".github/ISSUE_TEMPLATE").filter((name) => !name.endsWith("config.yml"))) {
    const { name, description, body } = parse(read(path));
    expect(
      [name, description].every((text) => text.length > 10),
      path,
    ).toBe(true);
    expect(
      body.some(({ validations }: { validations?: { required: boolean } }) => validations?.required),
      path,
    ).toBe(true);
    if (JSON.stringify(body).includes("render")) expect(read(path)).toMatch(/API key\.?\*\*/);
  }
});

test("the container image has the name that the MCP registry knows", () => {
  expect(read("Dockerfile")).toContain(`io.modelcontextprotocol.server.name="${manifest.mcpName}"`);
  expect(read("Dockerfile")).toContain(`description="${manifest.description}"`);
});

test.each(["Dockerfile", "examples/deploy/Dockerfile"])("%s copies what Docker is shown", (path) => {
  const copied = [...read(path).matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, names = ""]) => names.split(" "));
  expect(read(".dockerignore").trim().split("\n").sort()).toEqual(["*", ...copied.map((name) => `!${name}`)].sort());
});

test("the example of a deployment starts the program with options that it has, at addresses that its parts listen at", () => {
  const dockerfile = read("examples/deploy/Dockerfile");
  const { services } = parse(read("examples/deploy/compose.yaml"));
  const command = [...JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? ""), ...services.mcp.command];
  const help = read("test/surface/commands-help.txt").split("websets-events-mcp http")[1] ?? "";
  const flags = command.filter((word: string) => word.startsWith("--"));
  expect(Object.keys(services.mcp.environment)).toEqual(["WEBSETS_EVENTS_STATE"]);
  for (const variable of Object.keys(services.mcp.environment)) expect(help).toContain(variable);
  for (const flag of flags) expect(help).toContain(`  ${flag} `);
  expect(existsSync(join(root, "examples/deploy", services.mcp.build.context, services.mcp.build.dockerfile))).toBe(
    true,
  );
  const port = /^EXPOSE (\d+)$/m.exec(dockerfile)?.[1];
  expect(help).toContain(`(default ${port})`);
  expect(dockerfile).toContain(`http://127.0.0.1:${port}/health`);
  expect(read("examples/deploy/nginx.conf")).toContain(`server mcp:${port} `);
});
