/*
 * What starts the program. It is written so that old versions of Node can read it, too, and asks which one it is before it loads
 * what they cannot.
 */

/** Put in by the bundler from package.json. */
declare const __NODE_NEEDED__: string;

if (isOlder(process.versions.node, __NODE_NEEDED__)) {
  process.stderr.write(
    `websets-events-mcp: needs Node ${__NODE_NEEDED__} or later, and this is Node ${process.versions.node} at ${process.execPath}\n`,
  );
  process.exitCode = 1;
} else {
  // From 22.8 on, Node keeps what it has compiled for the next start, in the system's folder for temporary files.
  const { enableCompileCache } = process.getBuiltinModule("node:module") as { enableCompileCache?: () => void };
  enableCompileCache?.();
  const args = process.argv.slice(2);
  // A command for people is a word; what a host starts has flags at most.
  if (args[0] === undefined || args[0].indexOf("-") === 0)
    import("./main.ts").then(({ runForHost }) => runForHost(args));
  else import("./people.ts").then(({ runForPeople }) => runForPeople(args));
}

function isOlder(found: string, needed: string): boolean {
  const [major = 0, minor = 0] = found.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split(".").map(Number);
  return major < neededMajor || (major === neededMajor && minor < neededMinor);
}
