import { threadId } from 'node:worker_threads';
import { countHandle, hasHandles, startedHere, workerOf } from '../../primitives/threads/thread-slots.js';
import { now, recheckPeriodically } from '../../primitives/waiting/event-loop.js';
import type { Outcome } from './outcome.js';

/** How long a Thread that was sent may be on its way, in ms. */
const ON_ITS_WAY = 60_000;

/** What is asked of a Thread object by those that do not know its class. */
export interface LocalThread {
  /** Where it was started: what it gives. */
  readonly outcome: Outcome<unknown> | undefined;
  cancel(reason?: unknown): void;
  terminate(): Promise<void>;
}

/** The one Thread object that each thread has in this one. */
const objects = new Map<number, WeakRef<LocalThread>>();
/** Those started here and not yet ended are not to be collected: somebody has to hear of their end. */
const running = new Map<number, LocalThread>();
/** Nor those that have ended, while somebody in another worker may ask what they gave. */
const ended = new Map<number, LocalThread>();
/** When those of `running` and `ended` were last sent to another thread. */
const sent = new Map<number, number>();

interface Remembered {
  readonly ident: number;
  readonly counted: boolean;
}

const collected = new FinalizationRegistry<Remembered>(({ ident, counted }) => {
  if (objects.get(ident)?.deref() === undefined) objects.delete(ident);
  if (counted) countHandle(ident, -1);
});

export function remember(ident: number, thread: LocalThread): void {
  objects.set(ident, new WeakRef(thread));
  // What a thread has for itself, in the worker that it runs in, is for nobody to ask.
  const counted = !startedHere(ident) && workerOf(ident) !== threadId;
  if (counted) countHandle(ident, 1);
  collected.register(thread, { ident, counted });
}

export function keepRunning(ident: number, thread: LocalThread): void {
  remember(ident, thread);
  running.set(ident, thread);
}

/** It has ended, or was not started after all. */
export function forget(ident: number): void {
  const thread = running.get(ident);
  running.delete(ident);
  if (thread !== undefined && maybeAsked(ident)) keepEnded(ident, thread);
  else sent.delete(ident);
}

/** It is on its way to another thread. */
export function markSent(ident: number, thread: LocalThread): void {
  if (!startedHere(ident)) return;
  sent.set(ident, now());
  if (!running.has(ident)) keepEnded(ident, thread);
}

function maybeAsked(ident: number): boolean {
  return hasHandles(ident) || now() - (sent.get(ident) ?? Number.NEGATIVE_INFINITY) < ON_ITS_WAY;
}

function keepEnded(ident: number, thread: LocalThread): void {
  if (ended.size === 0) recheckPeriodically({ recheck: dropEnded });
  ended.set(ident, thread);
}

function dropEnded(): boolean {
  for (const ident of ended.keys()) {
    if (maybeAsked(ident)) continue;
    ended.delete(ident);
    sent.delete(ident);
  }
  return ended.size > 0;
}

export function knownThread(ident: number): LocalThread | undefined {
  return objects.get(ident)?.deref();
}
