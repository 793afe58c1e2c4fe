import { ERAS, type Era, type Session } from "./eras.ts";
import type { Program } from "./program.ts";

const [era] = ERAS as readonly [Era, ...Era[]];

export interface Heard {
  /** What the agent reads: the result as JSON, or the error. */
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a result holds is what the tests are about.
  value: any;
}

/** An agent that counts its calls, and the bytes of the text that it reads. */
export class CountingAgent {
  readonly #session: Session;
  calls = 0;
  bytes = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  static async start(program: Program): Promise<CountingAgent> {
    return new CountingAgent(await era.open(program));
  }

  /** The bytes a model reads before its first call: the instructions, and of each tool the name, description and input. */
  get readBefore(): { tools: number; instructions: number } {
    const { tools, instructions } = this.#session;
    const read = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    return { tools: bytesOf(JSON.stringify(read)), instructions: bytesOf(instructions ?? "") };
  }

  get listed(): { tools: number } {
    return { tools: bytesOf(JSON.stringify({ tools: this.#session.tools })) };
  }

  async call(name: string, args: Record<string, unknown> = {}): Promise<Heard> {
    const { value, error } = await this.#session.call(name, args);
    const text = error ?? JSON.stringify(value);
    this.calls++;
    this.bytes += bytesOf(text);
    return { text, value };
  }
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}
