import type * as BullMQ from 'bullmq';
import type { Redis } from 'ioredis';
import { requireFrom } from '../primitives/require-from.js';
import { EngineError } from './errors.js';
import type { Codec } from './options.js';

/** What pools and servings need of the Machines that made them. */
export interface JobHost {
  /** Of all keys and channels: `{namespace}:`, so that they are of one slot in a cluster. */
  readonly prefix: string;
  /** ms */
  readonly lease: number;
  /** undefined: JSON. */
  readonly codec: Codec | undefined;
  /** A connection of its own, which repeats what was not answered. @throws EngineError */
  connect(): Redis;
  /** A token above every earlier one of the namespace. */
  mint(): Promise<bigint>;
  /** What went wrong where nobody listens. */
  report(error: Error): void;
  /** Runs it as the Machines close. */
  atClose(close: () => Promise<void>): void;
}

let loaded: typeof BullMQ | undefined;

/** @throws EngineError naming the package to install */
export function bullmq(): typeof BullMQ {
  try {
    loaded ??= requireFrom(import.meta.url)('bullmq') as typeof BullMQ;
    return loaded;
  } catch (cause) {
    throw new EngineError('jobs need the package bullmq 6.7 or later: npm install bullmq', { cause });
  }
}

/** Where BullMQ keeps its queues. */
export function queuePrefix(host: JobHost): string {
  return `${host.prefix}q`;
}

/** Beside it: `x` a job that is to be cancelled, `w` who waits for a job that is shared, `t` a timer's job. */
export function jobKey(host: JobHost, kind: 'x' | 'w' | 't', pool: string, id: string): string {
  return `${host.prefix}${kind}:${pool}:${id}`;
}

/** On it all that serve a pool hear of their jobs: see job-messages.ts. */
export function controlChannel(host: JobHost, pool: string): string {
  return `${host.prefix}j:${pool}`;
}
