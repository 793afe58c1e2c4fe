import type * as z from "zod/v4";
import type { ExaClient } from "../exa/client.ts";
import type { Feed } from "../feed/feed.ts";
import type { Clock } from "../shared/clock.ts";
import type { WebsetsError } from "../shared/errors.ts";
import type { Progress } from "../webset/progress.ts";
import type { ReadyChains } from "../webset/ready-chains.ts";
import type { WebsetStates } from "../webset/states.ts";

/** What all tools of a tenant share. */
export interface ToolDeps extends Pick<WaitLimits, "closing"> {
  exa: ExaClient;
  feed: Feed;
  states: WebsetStates;
  ready: ReadyChains;
  clock: Clock;
  /** `--max-wait` in seconds; without it each host gets what it bears. */
  maxWaitSeconds?: number | undefined;
}

/** How long a call may wait, in seconds. */
export interface WaitLimits {
  maxWaitSeconds: number;
  /** For a call that names no time. */
  defaultTimeoutSeconds: number;
  /** Aborts when this process is about to end: waits return what they have, as if their time were up. */
  closing?: AbortSignal | undefined;
}

/** What one call brings along. */
export interface CallContext extends Omit<ToolDeps, "maxWaitSeconds">, WaitLimits {
  /** Aborts when the client cancels the call or disconnects. */
  signal: AbortSignal;
  /** Sets the line that progress notifications carry, and a task's status together with the cursor, once there is one. */
  report(message: string, cursor?: () => string | undefined): void;
  /** Gets what that line is made of, where somebody draws it. */
  showProgress?(progress: Progress): void;
  /** Says that the answer is not there yet and may take long: a call that can go to the background does so now. */
  mayTakeLong(): void;
  /** By when that should be known, in milliseconds from now; without it there is no hurry. */
  lookWithinMs?: number | undefined;
  /** For programs: a wait for events ends with the first reading that found enough, with all of it, and nobody reads its `next`. */
  takesAll?: boolean | undefined;
  /** Where no host loses patience: how long the first reading of a wait may take at least, in milliseconds. */
  firstReadingMs?: number | undefined;
  /** Told of transient errors while a wait goes on, and with undefined when a request succeeds again. */
  onTransientError?: ((error: WebsetsError | undefined) => void) | undefined;
}

/** A tool as data: `run` returns the output schema's shape and knows nothing of MCP. */
export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  name: string;
  title: string;
  description: string;
  /** Whether the same call has the same effect again and again. */
  idempotent: boolean;
  input: Input;
  output: Output;
  /** How long a call may wait, in seconds, for progress notifications; tools that never wait have none. */
  waits?(args: z.output<Input>, limits: WaitLimits): number;
  /** How often there can be news meanwhile, in milliseconds at present; a tool that has it can go to the background. */
  pace?(args: z.output<Input>, deps: ToolDeps): number;
  run(args: z.output<Input>, context: CallContext): Promise<z.input<Output>>;
}

/** Gives a tool's `run` the types of its schemas. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(tool: Tool<Input, Output>): Tool {
  return tool as unknown as Tool;
}
