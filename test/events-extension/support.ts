import { InMemoryTransport } from "@modelcontextprotocol/client";
import { McpServer } from "@modelcontextprotocol/server";
import { onTestFinished } from "vitest";
import { mountEvents } from "../../src/events-extension/methods.ts";
import { missingKey } from "../../src/exa/client.ts";
import { deliveryOf } from "../../src/server.ts";
import { silentLog } from "../../src/shared/log.ts";
import { type FeedWorld, type FeedWorldOptions, openFeedWorld } from "../support/feed-world.ts";

// biome-ignore lint/suspicious/noExplicitAny: what messages hold is what the tests are about.
export type Message = any;

export const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";

type Process = ReturnType<FeedWorld["newProcess"]>;

/** A client of MCP Events, before a server of a process of its own. */
export class EventsClient {
  /** What came without being an answer, in its order. */
  readonly notifications: Message[] = [];
  /** Called with each of them. */
  onNotification: (message: Message) => void = () => {};
  readonly process: Process;
  readonly #near: InMemoryTransport;
  readonly #answers = new Map<number, (message: Message) => void>();
  #id = 0;

  private constructor(process: Process, near: InMemoryTransport) {
    this.process = process;
    this.#near = near;
  }

  static async open(
    process: Process,
    { hasKey = true, closing }: { hasKey?: boolean; closing?: AbortSignal } = {},
  ): Promise<EventsClient> {
    const server = new McpServer({ name: "events", version: "0.0.0" });
    mountEvents(server.server, {
      ...deliveryOf({ ...process, closing }),
      missingKey: hasKey ? undefined : missingKey(undefined),
      log: silentLog,
    });
    const [near, far] = InMemoryTransport.createLinkedPair();
    const client = new EventsClient(process, near);
    near.onmessage = (message: Message) => {
      if (message.method === undefined) client.#answers.get(message.id)?.(message);
      else {
        client.notifications.push(message);
        client.onNotification(message);
      }
    };
    await server.connect(far as unknown as Parameters<typeof server.connect>[0]);
    await near.start();
    await client.request("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "tests", version: "1" },
    });
    onTestFinished(() => server.close());
    return client;
  }

  /** Resolves to the whole answer. */
  request(method: string, params: object = {}): Promise<Message> {
    const id = ++this.#id;
    void this.#near.send({ jsonrpc: "2.0", id, method, params } as Message);
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  get latestId(): number {
    return this.#id;
  }

  cancel(requestId: number): void {
    void this.#near.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } } as Message);
  }

  /** What a stream was told, by the last part of each notification's name. */
  told(id: number, what?: string): Message[] {
    return this.notifications
      .filter(({ params }) => params._meta?.[SUBSCRIPTION_ID] === id)
      .map(({ method, params }) => ({ ...params, what: method.replace("notifications/events/", "") }))
      .filter((one) => what === undefined || one.what === what);
  }
}

/** A world of events and a client before it. */
export async function openEvents(options: FeedWorldOptions = {}) {
  const world = openFeedWorld(options);
  const client = await EventsClient.open(world.newProcess());
  /** A poll's answer; time passes as far as it must. */
  const poll = async (params: object = {}, by = client): Promise<Message> =>
    world.fake.until(by.request("events/poll", { name: "websets.event", ...params }));
  /** Opens a stream; its id, once it is active. */
  const stream = async (params: object = {}, by = client): Promise<number> => {
    const answer = by.request("events/stream", { name: "websets.event", ...params });
    const id = by.latestId;
    void answer;
    await world.fake.advance(100);
    return id;
  };
  return { ...world, client, poll, stream };
}
