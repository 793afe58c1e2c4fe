import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { InMemoryTransport, type JSONRPCMessage, type Transport } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { onTestFinished } from "vitest";
import { Listening, Subscriptions, sendUpdates } from "../../src/resources/subscriptions.ts";
import { buildServer } from "../../src/server.ts";
import { silentLog } from "../../src/shared/log.ts";
import { ReadyChains } from "../../src/webset/ready-chains.ts";
import type { World } from "./in-process.ts";

export type EraName = "2025-11-25" | "2026-07-28";
export const ERA_NAMES: readonly EraName[] = ["2025-11-25", "2026-07-28"];

type Reference = { type: "ref/resource"; uri: string } | { type: "ref/prompt"; name: string };

/** What the tests ask of a client, the same for both eras. */
export interface Session {
  /** The URIs of the updates that came, in their order. */
  updates: string[];
  /** As one of the 2025 era: the calls of the tests are the same in both. */
  client: LegacyClient;
  /** The JSON that a resource holds. */
  // biome-ignore lint/suspicious/noExplicitAny: what a resource holds is what the tests are about.
  read(uri: string): Promise<any>;
  /** The error that reading answers with. */
  refusal(uri: string): Promise<{ code: number; message: string; data?: unknown }>;
  complete(ref: Reference, name: string, value: string): Promise<string[]>;
  capabilities(): Record<string, unknown> | undefined;
  /** Subscribes in the way of the era; what it resolves to ends the subscription. */
  subscribe(...uris: string[]): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const IDENTITY = { name: "tests", version: "1.0.0" };

// The SDKs' transports are alike, but their types differ where a property may be undefined.
// biome-ignore lint/suspicious/noExplicitAny: see above.
type AnyTransport = any;

async function openLegacy(transport: AnyTransport): Promise<Session> {
  const client = new LegacyClient(IDENTITY);
  const updates: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updates.push(params.uri));
  await client.connect(transport);
  return {
    ...common(client, updates),
    complete: async (ref, name, value) => (await client.complete({ ref, argument: { name, value } })).completion.values,
    async subscribe(...uris) {
      for (const uri of uris) await client.subscribeResource({ uri });
      return async () => {
        for (const uri of uris) await client.unsubscribeResource({ uri });
      };
    },
  };
}

async function openModern(transport: AnyTransport): Promise<Session> {
  const client = new ModernClient(IDENTITY, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  const updates: string[] = [];
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updates.push(params.uri));
  await client.connect(transport);
  if (client.getProtocolEra() !== "modern") throw new Error(`the era is ${client.getProtocolEra()}`);
  return {
    ...common(client as unknown as LegacyClient, updates),
    complete: async (ref, name, value) => (await client.complete({ ref, argument: { name, value } })).completion.values,
    async subscribe(...uris) {
      const subscription = await client.listen({ resourceSubscriptions: uris });
      return () => subscription.close();
    },
  };
}

function common(client: LegacyClient, updates: string[]) {
  return {
    client,
    updates,
    async read(uri: string) {
      const { contents } = await client.readResource({ uri });
      return JSON.parse((contents[0] as { text: string }).text);
    },
    async refusal(uri: string) {
      const answer = await client.readResource({ uri }).catch((error: unknown) => error);
      if (!(answer instanceof Error)) throw new Error(`${uri} could be read`);
      const { code, message, data } = answer as Error & { code: number; data?: unknown };
      // The older client puts the code before the words of the server.
      return { code, message: message.replace(/^MCP error -\d+: /, ""), data };
    },
    capabilities: () => client.getServerCapabilities() as Record<string, unknown> | undefined,
    close: () => client.close(),
  };
}

const OPEN = { "2025-11-25": openLegacy, "2026-07-28": openModern };

/** A client and the server it talks to, in one process on the world's clock. */
export async function openSession(era: EraName, opened: World): Promise<Session & { subscriptions: Subscriptions }> {
  const { exa, feed, states, clock, recent } = opened;
  const subscriptions = new Subscriptions({ states, feed, clock, log: silentLog });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const ready = new ReadyChains({ exa, states, clock, feed });
  const tools = { exa, feed, states, ready, clock, maxWaitSeconds: 300 };
  const handle = serveStdio(
    () => {
      const mcp = buildServer({ tools, recent, subscriptions, log: silentLog, version: "0.0.0" });
      sendUpdates(mcp, subscriptions);
      return mcp;
    },
    { transport: observed(ours, new Listening(subscriptions)) },
  );
  onTestFinished(() => handle.close());
  return { ...(await OPEN[era](theirs)), subscriptions };
}

/** A client and the built program, over stdio. */
export async function openProgram(era: EraName, args: string[], env: Record<string, string>): Promise<Session> {
  const { PATH = "" } = process.env;
  const parameters = {
    command: process.execPath,
    args: ["dist/cli.js", ...args],
    env: { PATH, ...env },
    stderr: "ignore" as const,
  };
  const session = await OPEN[era](era === "2025-11-25" ? new LegacyStdio(parameters) : new ModernStdio(parameters));
  onTestFinished(() => session.close());
  return session;
}

/** Lets `Listening` see what goes by, as the program does on stdio. */
function observed(inner: Transport, listening: Listening): Transport {
  const outer: Transport = {
    start: () => inner.start(),
    close: () => inner.close(),
    send(message) {
      listening.sent(message);
      return inner.send(message);
    },
  };
  inner.onmessage = (message: JSONRPCMessage) => {
    listening.received(message);
    outer.onmessage?.(message);
  };
  inner.onclose = () => outer.onclose?.();
  return outer;
}
