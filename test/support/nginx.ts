import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

const PLACES = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx"];
const EXAMPLE = join(import.meta.dirname, "../../examples/deploy/nginx.conf");

export interface NginxOptions {
  /** The ports of the servers that it stands in front of. */
  upstreams: readonly number[];
  /** Further settings of all that is served. */
  settings?: string;
}

export interface Nginx {
  origin: string;
  close(): Promise<void>;
}

/**
 * Starts nginx with the configuration of examples/deploy/, which passes on to these servers under the name that they have there.
 * Fails with how to install it where it is missing.
 */
export async function startNginx({ upstreams, settings = "" }: NginxOptions): Promise<Nginx> {
  const program = PLACES.find(existsSync);
  if (program === undefined) throw new Error("nginx is missing, which this test needs: apt-get install nginx-light");
  const folder = mkdtempSync(join(tmpdir(), "websets-events-mcp-nginx-"));
  // nginx gives up the rights of root where it has them.
  chmodSync(folder, 0o777);
  const port = await freePort();
  const site = readFileSync(EXAMPLE, "utf8")
    .replace(/server mcp:8787(.*;)/, (_, options) =>
      upstreams.map((to) => `server 127.0.0.1:${to}${options}`).join(" "),
    )
    .replace("listen 80", `listen 127.0.0.1:${port}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (of) => `${of}_temp_path ${folder}/${of};`,
  );
  const configuration = `
    pid ${folder}/pid;
    events {}
    http {
      access_log off;
      ${temporary.join("\n")}
      ${settings}
      ${site}
    }`;
  writeFileSync(join(folder, "nginx.conf"), configuration);
  const child = spawn(program, [
    "-p",
    folder,
    "-c",
    join(folder, "nginx.conf"),
    "-e",
    join(folder, "error.log"),
    "-g",
    "daemon off;",
  ]);
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const close = async () => {
    child.kill("SIGTERM");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const origin = `http://127.0.0.1:${port}`;
  await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`nginx did not start: ${said}`);
      return fetch(origin).then(
        () => true,
        () => false,
      );
    },
    { what: "the start of nginx" },
  );
  return { origin, close };
}
