// node recorder.mjs <file> <program> [arguments]: runs a server and writes down what its host says to it.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";

const [file = "", ...command] = process.argv.slice(2);
const record = createWriteStream(file, { flags: "a" });
const server = spawn(process.execPath, command, { stdio: ["pipe", "inherit", "inherit"] });
process.stdin.on("data", (chunk) => record.write(chunk));
process.stdin.pipe(server.stdin);
server.stdin.on("error", () => {});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => server.kill(signal));
server.on("exit", (code) => process.exit(code ?? 1));
