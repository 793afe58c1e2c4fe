import { constants } from "node:os";
import { type Terminal, wrap } from "../terminal.ts";
import { Agent } from "./agent.ts";
import { type SandboxProcess, startSandbox } from "./sandbox-process.ts";

const SEARCH = { query: "European companies that build robots for warehouses", count: 30 };
const ENRICHMENTS = [
  { description: "Contact email for sales", format: "email" },
  { description: "Year the company was founded", format: "date" },
];
/** The agent wants to hear of this many items at a time, and not of each alone. */
const BATCH = 6;
/** Far below the 30 s that every host allows a call; in real life 25 s, the default, takes fewer calls. */
const TIMEOUT_SECONDS = 5;
/** What has not ended by then never will, in milliseconds. */
const TOO_LONG_MS = 60_000;
/** Where the text begins, in columns. */
const INDENT = 9;

interface EventWait {
  outcome: "events" | "behind" | "quiet";
  events: { id: string; summary: string }[];
  cursor: string;
}

interface WebsetWait {
  outcome: string;
  progress: { status: string; summary: string };
  next?: string;
}

export interface DemoSetting {
  /** The path of this program, which plays the server and the sandbox as processes of their own. */
  program: string;
  /** How much faster than real ones Websets live. */
  speed: number;
  out: Terminal;
  env: NodeJS.ProcessEnv;
  /** Takes what went wrong. */
  complain(text: string): void;
  /** Stops it; its reason is the name of the process's signal. */
  interruption: AbortSignal;
}

/**
 * Shows an agent following a Webset from its creation to its end, with a sandbox in place of the Exa API, and returns the exit code.
 *
 * Three programs, as in real life: this one is the agent's side, a real MCP client; the MCP server runs as a child process and
 * is spoken to on stdio; the API is a process of its own, asked over HTTP.
 */
export async function playDemo({ program, speed, out, env, complain, interruption }: DemoSetting): Promise<number> {
  const screen = openScreen(out);
  const { paint } = out;
  const signal = AbortSignal.any([interruption, AbortSignal.timeout(TOO_LONG_MS)]);

  let doing = "starting";
  let sandbox: SandboxProcess | undefined;
  let agent: Agent | undefined;
  try {
    await play();
    return 0;
  } catch (error) {
    screen.clearBar();
    // What the server said last is known when it has ended.
    await agent?.close();
    if (interruption.aborted) {
      screen.line("Stopped.");
      return 128 + constants.signals[interruption.reason as NodeJS.Signals];
    }
    complain(`\n${paint("red", "The demo failed")} while ${doing}: ${reason(error)}`);
    return 1;
  } finally {
    await agent?.close();
    await sandbox?.stop();
  }

  async function play() {
    const startedAt = performance.now();
    const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
    screen.line("An agent follows an Exa Webset. A sandbox plays the API: no key, nothing leaves this machine.\n");

    doing = "starting the sandbox";
    sandbox = await startSandbox(program, speed, signal);
    const api = sandbox;

    doing = "connecting to the MCP server";
    // None of the user's settings; Windows opens no socket without that one.
    const { SYSTEMROOT } = env;
    agent = new Agent(program, { ...(SYSTEMROOT && { SYSTEMROOT }), ...sandbox.env });
    const { client } = agent;
    const me = agent;
    await me.connect(signal);
    const { tools } = await client.listTools({}, { signal });
    const server = client.getServerVersion();
    const protocol = client.getNegotiatedProtocolVersion();
    title("Connect", `to ${server?.name} ${server?.version} on stdio, MCP ${protocol}. Its tools:`);
    detail(tools.map(({ name }) => name).join(", "));

    doing = "creating the Webset";
    const body = { search: SEARCH, enrichments: ENRICHMENTS };
    const webset = JSON.parse(await api.request("POST", "/websets/v0/websets", body));
    title("Create", "a Webset, as the agent does with Exa's own tool: POST /websets/v0/websets");
    detail(`"${SEARCH.query}": ${SEARCH.count} items, ${ENRICHMENTS.length} enrichments for each`);

    doing = "following the Webset";
    const websetId: string = webset.id;
    const wait = { websetId, until: "idle", timeoutSeconds: TIMEOUT_SECONDS };
    const items = { types: ["webset.item.created"], websetId, atLeast: BATCH, timeoutSeconds: TIMEOUT_SECONDS };
    title("Follow", "it with two waits side by side. Running out of time is a normal answer: then they go on.");
    detail(`wait_for_webset ${argumentsOf(wait)}`);
    detail(`wait_for_webset_event ${argumentsOf({ ...items, after: "<the last cursor>" })}`);
    screen.line();

    const seen = new Set<string>();
    let news = "";
    const drawBar = () => screen.bar(seen.size / SEARCH.count, news);

    /** Waits for the Webset's end: `next` says how to go on. */
    const followWebset = async (): Promise<WebsetWait> => {
      for (;;) {
        const result = await me.call<WebsetWait>("wait_for_webset", wait, {
          signal,
          onProgress(message) {
            news = message;
            drawBar();
          },
        });
        event(`wait_for_webset: ${paint("bold", result.outcome)}`);
        news = result.progress.summary;
        below(paint("cyan", news));
        if (result.outcome !== "still_running") return result;
        below(`${paint("dim", "next:")} ${result.next}`);
      }
    };

    /** Takes the items as they come: the cursor of each result goes into the next call. */
    const followItems = async () => {
      let after: string = webset.createdAt;
      while (seen.size < SEARCH.count) {
        const result = await me.call<EventWait>("wait_for_webset_event", { ...items, after }, { signal });
        after = result.cursor;
        event(
          `wait_for_webset_event: ${paint("bold", result.outcome)}, ${result.events.length} ${result.events.length === 1 ? "item" : "items"}`,
        );
        for (const { id, summary } of result.events) {
          if (seen.has(id)) throw new Error(`an item came twice: ${summary}`);
          seen.add(id);
        }
        const [first, ...others] = result.events;
        if (first !== undefined)
          below(`${paint("cyan", first.summary)}${others.length > 0 ? `, and ${others.length} more` : ""}`);
        drawBar();
      }
    };

    const [ended] = await Promise.all([followWebset(), followItems()]);
    screen.clearBar();
    screen.line();

    doing = "adding up";
    if (ended.outcome !== "reached") throw new Error(`the wait for the Webset ended with ${ended.outcome}`);
    const took = seconds();
    const requests = JSON.parse(await api.request("GET", "/sandbox/requests"));
    const raw = await api.request("GET", `/websets/v0/events?types=webset.item.created&limit=200`);
    title("Done", `in ${took} s: ${seen.size} items, each of them once, and the Webset is ${ended.progress.status}.`);
    detail(`The agent made ${me.calls} tool calls and read ${number(me.bytes)} bytes of results.`);
    detail(`The server made ${number(requests.total - 1)} requests to the API for both waits together.`);
    detail(`The same ${seen.size} item events straight from this API are ${number(Buffer.byteLength(raw))} bytes.`);

    function event(text: string) {
      screen.line(`${paint("dim", `${seconds().padStart(5)} s `)} ${text}`, INDENT);
    }
  }

  function title(word: string, text: string) {
    screen.line(`${paint("bold", word.padEnd(INDENT - 1))} ${text}`, INDENT);
  }

  function detail(text: string) {
    screen.line(`${" ".repeat(INDENT)}${paint("dim", text)}`, INDENT);
  }

  function below(text: string) {
    screen.line(`${" ".repeat(INDENT + 2)}${text}`, INDENT + 2);
  }

  function reason(error: unknown): string {
    const said = agent?.complaints;
    const tooLong = error instanceof Error && error.name === "TimeoutError";
    const what = tooLong
      ? `it took longer than ${TOO_LONG_MS / 1000} s`
      : error instanceof Error
        ? error.message
        : error;
    return `${what}${said ? `\nThe MCP server said: ${said}` : ""}`;
  }
}

function argumentsOf(args: Record<string, unknown>): string {
  const pairs = Object.entries(args).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `{ ${pairs.join(", ")} }`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** Where the demo shows what happens: lines that stay, and on a terminal one below them that moves. */
interface Screen {
  /** The text is wrapped at words, and what goes on the next line is indented by `hang`. */
  line(text?: string, hang?: number): void;
  /** Draws the bar in place of the one before. */
  bar(share: number, caption: string): void;
  clearBar(): void;
}

const BAR_WIDTH = 24;
/** Longer lines are hard to read, and a page on the web may cut them. */
const WIDEST = 108;

function openScreen(out: Terminal): Screen {
  // The last column stays free: some terminals go to the next line when it is written.
  const width = () => (out.isTTY ? Math.min(WIDEST, out.columns - 1) : WIDEST);
  return {
    line: (text = "", hang = 0) => void out.line(wrap(text, width(), hang)),
    bar(share, caption) {
      const full = Math.round(BAR_WIDTH * Math.min(1, Math.max(0, share)));
      void out.draw([["  ", ["green", "█".repeat(full)], ["dim", "░".repeat(BAR_WIDTH - full)], `  ${caption}`]]);
    },
    clearBar: () => void out.draw([]),
  };
}
