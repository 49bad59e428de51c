import { threadId } from 'node:worker_threads';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { SENT_ITSELF } from '../../primitives/threads/table.js';
import {
  countHandle,
  flagsOf,
  hasHandles,
  setFlags,
  startedHere,
  workerOf,
} from '../../primitives/threads/thread-slots.js';
import { threadWide } from '../../primitives/threads/thread-wide.js';
import { now, recheckPeriodically } from '../../primitives/waiting/event-loop.js';
import type { Outcome } from './outcome.js';

/** How long a message with a Thread in it may be on its way, in ms: from `markSent` to `remember` in another thread. */
const ON_ITS_WAY = 60_000;

/** A Thread or its StartedHere, for those files that thread.ts imports and that cannot name the classes. */
export interface LocalThread {
  /** What the thread gives, if it was started in this thread. */
  readonly outcome: Outcome<unknown> | undefined;
  cancel(reason?: unknown): void;
  terminate(): Promise<void>;
}

/*
 * The Thread objects of this thread. There is one for each thread that this thread knows of (`fresh`, then `objects`), so
 * that `===` tells threads apart. Those started here must not be collected while somebody may ask what they give:
 *   started -keepRunning-> running -forget, the thread has ended-> not kept, or ended while maybeAsked -> not kept
 * Invariant: HANDLES of a thread's slot counts the Thread objects for it that have to ask what it gives: those of other
 * workers than its own and its starter's, and of other copies of this library in its starter's.
 */
const objects = new Map<number, WeakRef<LocalThread>>();
/** Started here a moment ago and not over: not by a WeakRef, which with its finalizer would be a third of a warm start. */
const fresh = new Map<number, LocalThread>();
/** Started here and not ended. For a Thread that has nothing of its own it is its side: the object may be collected. */
const running = new Map<number, LocalThread>();
/** Likewise, started here and ended, while another worker or copy has a Thread for them, or one was sent less than a minute ago. */
const ended = new Map<number, LocalThread>();
/** When a Thread of `running` or `ended` was last sent to another thread. */
const sent = new Map<number, number>();

/** What a Thread object that was collected leaves to be undone. */
interface Remembered {
  readonly ident: number;
  readonly counted: boolean;
}

const collected = new FinalizationRegistry<Remembered>(({ ident, counted }) => {
  if (objects.get(ident)?.deref() === undefined) {
    objects.delete(ident);
    // Nobody here can read what was not read, nor is anybody elsewhere to come and read it.
    if (!maybeAsked(ident)) keptThread(ident)?.outcome?.keepLast();
  }
  if (counted) countHandle(ident, -1);
});

/** The Thread object of this thread for a thread; called wherever one is made or started. */
export function remember(ident: number, thread: LocalThread): void {
  objects.set(ident, new WeakRef(thread));
  // Not the Thread that a thread has for itself, because nobody asks a thread for its own result.
  const counted = thread.outcome === undefined && workerOf(ident) !== threadId;
  if (counted) countHandle(ident, 1);
  collected.register(thread, { ident, counted });
}

/** Called as the thread starts, by the thread that starts it. */
export function keepRunning(ident: number, thread: LocalThread): void {
  if (fresh.size === 0) recheckPeriodically(freshRecheck);
  fresh.set(ident, thread);
  running.set(ident, thread);
}

const freshRecheck = {
  /** From now on the objects of those that still run may be collected. */
  recheck(): boolean {
    for (const [ident, thread] of fresh) remember(ident, thread);
    fresh.clear();
    return false;
  },
};

/** Called for a job of a ThreadPool whose worker runs it, when somebody wants a Thread for it. */
export function keepRunningSide(ident: number, side: LocalThread): void {
  running.set(ident, side);
}

/** The Thread object may be collected: what it gives is with its side, which is a LocalThread as well. */
export function keepSide(ident: number, side: LocalThread): void {
  if (running.has(ident)) running.set(ident, side);
}

let jobOf: (ident: number) => LocalThread | undefined = () => undefined;

/** @param find - what stands for a job of a ThreadPool, which is no Thread until somebody asks for it */
export function setJobFinder(find: (ident: number) => LocalThread | undefined): void {
  jobOf = find;
}

/** What stands here for a thread that was started here, whether or not its Thread object still exists. */
export function keptThread(ident: number): LocalThread | undefined {
  return running.get(ident) ?? ended.get(ident) ?? (startedHere(ident) ? jobOf(ident) : undefined);
}

/** The thread has ended, or could not be started after all. */
export function forget(ident: number): void {
  const thread = running.get(ident);
  running.delete(ident);
  if ((flagsOf(ident) & SENT_ITSELF) !== 0) sent.set(ident, now());
  if (thread !== undefined && maybeAsked(ident)) keepEnded(ident, thread);
  else sent.delete(ident);
}

/**
 * Called once those who wait for what the thread gave have been told. From then on its object is asked for by who is told of
 * an error that nobody has taken, by other threads that know of it, by those that are sent it later (`markSent`), and by nobody else.
 */
export function letGo(ident: number, failed: boolean): void {
  const thread = fresh.get(ident);
  fresh.delete(ident);
  if (thread !== undefined && (failed || ended.has(ident))) remember(ident, thread);
}

/** Called by codecs as a Thread is packed for a message to another thread. */
export function markSent(ident: number, thread: LocalThread): void {
  if (ident === getIdent()) setFlags(ident, flagsOf(ident) | SENT_ITSELF);
  if (!startedHere(ident)) return;
  sent.set(ident, now());
  if (running.has(ident)) return;
  keepEnded(ident, thread);
  // It may have been let go as nobody else knew of it, and comes back in a message.
  if (knownThread(ident) === undefined) remember(ident, thread);
}

/** Whether another worker may still ask what the thread gave. */
function maybeAsked(ident: number): boolean {
  return hasHandles(ident) || sentLately(ident);
}

function sentLately(ident: number): boolean {
  return now() - (sent.get(ident) ?? Number.NEGATIVE_INFINITY) < ON_ITS_WAY;
}

function keepEnded(ident: number, thread: LocalThread): void {
  if (ended.size === 0) recheckPeriodically({ recheck: dropEnded });
  ended.set(ident, thread);
}

function dropEnded(): boolean {
  for (const [ident, { outcome }] of ended) {
    // One that has to ask itself is counted among those that do, and would keep itself.
    if (outcome === undefined ? sentLately(ident) : maybeAsked(ident)) continue;
    ended.delete(ident);
    sent.delete(ident);
  }
  return ended.size > 0;
}

export function knownThread(ident: number): LocalThread | undefined {
  return fresh.get(ident) ?? objects.get(ident)?.deref();
}

/** Each copy of this library in this thread gives what it has of what the thread gives. */
const keepers: ((ident: number) => Outcome<unknown> | undefined)[] = threadWide('keepers', []);
keepers.push((ident) => (knownThread(ident) ?? keptThread(ident))?.outcome);

/** What the thread gives, where any copy in this thread has it and so answers questions about the thread. */
export function keptOutcome(ident: number): Outcome<unknown> | undefined {
  for (const keep of keepers) {
    const outcome = keep(ident);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}
