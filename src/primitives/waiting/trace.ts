import { getIdent } from '../threads/current-ident.js';
import { ALL, HOLDS, lookedAt, TRACING, watches } from '../threads/trace-flag.js';
import type { Settle } from './wait.js';

/**
 * What a trace tells of primitives, of both faces alike: `acquire` is called, and is `acquired`, at every level of an
 * RLock; a `wait` begins (an acquire's only if it cannot be granted at once) and its thread is `woken`: granted, timed
 * out or failed. Of one that is left by unsubscribing nothing more is told.
 */
export type PrimitiveEvent =
  | 'acquire'
  | 'acquired'
  | 'release'
  | 'wait'
  | 'woken'
  | 'notify'
  | 'set'
  | 'clear';

export type TraceSink = (event: PrimitiveEvent, ident: number, name: string, arg: unknown) => void;

let sink: TraceSink | undefined;

export function setTraceSink(to: TraceSink): void {
  sink = to;
}

/** Which of these the code of an acquire or release has to heed, one plain load: 0 while nobody looks. */
export function levels(): number {
  return lookedAt(TRACING | ALL | HOLDS);
}

/** One plain load while nobody traces. */
export function tracing(): boolean {
  return watches(TRACING) && !isMuted();
}

let isMuted = (): boolean => false;

/** `muted` tells of the code that asks whether it is a trace function's: what that does itself is not told. */
export function setTraceMuted(muted: () => boolean): void {
  isMuted = muted;
}

export function emit(event: PrimitiveEvent, name: string, arg?: unknown): void {
  sink?.(event, getIdent(), name, arg);
}

/**
 * Where an Observable wait ends while somebody traces: tells `woken` and `acquired`, then passes the end on. Its begin is
 * told as it is made: an `acquire`, or at once a `wait`. It is not `left`, because what is granted to who has left is `acquired` before
 * it is a `release`.
 */
export class TracedWait<T> implements Settle<T> {
  readonly #name: string;
  readonly #giveBack: (() => void) | undefined;
  readonly #settle: Settle<T>;
  #waits = false;

  /** @param giveBack - of an acquire: releases what was taken for one who has left, as a trace function may have them do */
  constructor(name: string, giveBack: (() => void) | undefined, settle: Settle<T>) {
    this.#name = name;
    this.#giveBack = giveBack;
    this.#settle = settle;
    if (giveBack !== undefined) emit('acquire', name);
    else this.waits();
  }

  /** Called as it queues: an acquire that was not granted at once is a wait from here on. */
  waits(): void {
    if (!this.#waits) emit('wait', this.#name);
    this.#waits = true;
  }

  resolve(value: T): void {
    if (this.#waits) emit('woken', this.#name);
    const taken = this.#giveBack !== undefined && value === true;
    if (taken) emit('acquired', this.#name);
    if (taken && this.#settle.left === true) this.#giveBack?.();
    else this.#settle.resolve(value);
  }

  reject(error: unknown): void {
    if (this.#waits) emit('woken', this.#name);
    this.#settle.reject(error);
  }
}
