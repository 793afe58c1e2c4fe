import { borneBy, DEFAULT_TIMEOUT_SECONDS, HOSTS } from "../../src/tools/hosts.ts";

/** What came of one host. */
export interface Row {
  title: string;
  version: string;
  caller: string;
  /** What the host said of itself and asked for, from its own messages. */
  client: string;
  protocol: string;
  asksForProgress: boolean | undefined;
  tools: number;
  /** Whether the tool's answer arrived, against the sandbox and without a key. */
  sandbox: boolean;
  withoutKey: boolean;
}

/** The results in Markdown. */
export function hostsTable(rows: readonly Row[], tools: number): string {
  const mark = (ok: boolean) => (ok ? "yes" : "**no**");
  return [
    "| host | version | calls itself | protocol | progress token | tools | called in the sandbox | called without a key | called by |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => {
      const progress = row.asksForProgress === undefined ? "" : row.asksForProgress ? "yes" : "no";
      const seen = row.tools === tools ? `all ${tools}` : `**${row.tools} of ${tools}**`;
      const cells = [row.title, row.version, `\`${row.client}\``, row.protocol, progress, seen];
      return `| ${[...cells, mark(row.sandbox), mark(row.withoutKey), row.caller].join(" | ")} |`;
    }),
  ].join("\n");
}

/** How long hosts let a call take, in Markdown: the table that the server goes by. */
export function patienceTable(): string {
  const rows = HOSTS.map(({ name, clientName, bears, bearsWithProgress, known }) => [
    name,
    `\`${clientName}\``,
    `${bears} s`,
    `${bearsWithProgress ?? bears} s`,
    known,
  ]);
  const unknown = `${borneBy(undefined, false)} s`;
  return [
    "| host | calls itself | a wait takes at most | with a progress token | what is known |",
    "| --- | --- | --- | --- | --- |",
    ...[...rows, ["all others", "", unknown, unknown, "nothing"]].map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `A wait that names no time takes ${DEFAULT_TIMEOUT_SECONDS} s.`,
  ].join("\n");
}

/** What a host said to the server, one message a line: its name, the protocol, whether it asked for progress in its call. */
export function readRecord(text: string): Pick<Row, "client" | "protocol" | "asksForProgress"> {
  const messages = text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line)];
    } catch {
      return [];
    }
  });
  const META = "io.modelcontextprotocol/";
  const named = messages.findLast(({ params }) => params?.clientInfo ?? params?._meta?.[`${META}clientInfo`]);
  const call = messages.find(({ method }) => method === "tools/call");
  const meta = call?.params?._meta;
  const version = meta?.[`${META}protocolVersion`] ?? named?.params?._meta?.[`${META}protocolVersion`];
  const opened = messages.find(({ method }) => method === "initialize");
  return {
    client: (named?.params?.clientInfo ?? named?.params?._meta?.[`${META}clientInfo`])?.name ?? "?",
    protocol: version ?? opened?.params?.protocolVersion ?? "?",
    asksForProgress: call && meta?.progressToken !== undefined,
  };
}
