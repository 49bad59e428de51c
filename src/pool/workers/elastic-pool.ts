import { availableParallelism } from 'node:os';
import { after, now } from '../../primitives/waiting/event-loop.js';
import type { Job } from './job.js';
import { openWorker, type WorkerSettings } from './open-worker.js';
import { Session } from './session.js';
import type { SessionOwner } from './session-owner.js';
import { checkThreadLimit } from './thread-limit.js';

/**
 * The workers of threads that have no ThreadPool. A thread takes an idle worker or gets a new one, and never waits for
 * another thread to end: 64 threads that meet at one barrier all run. So a session here has one job at a time, and is a
 * Piscina of one worker.
 *
 * A start takes microseconds in an idle worker, and tens of ms and some MB in a new one. So KEPT idle workers stay for
 * KEPT_MS, and those that a burst leaves beyond them for SURPLUS_MS, in case the next burst follows.
 */
const KEPT = availableParallelism() * 2;
const KEPT_MS = 30_000;
const SURPLUS_MS = 1_000;
/** Bytes. With less stack, a worker cannot load its modules, and Node aborts the process. */
const LEAST_STACK = 2 ** 20;

/** What a thread asks for that no other is to share a worker with. */
export interface OwnWorker {
  readonly settings: WorkerSettings;
  /** Whether its output is read and not printed. */
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** A Readable of node:stream, of which this is a part. */
export type ThreadOutput = AsyncIterable<Uint8Array>;

/** What the worker prints, where it is read and not printed. */
export interface Outputs {
  readonly stdout: ThreadOutput | null;
  readonly stderr: ThreadOutput | null;
}

const PRINTED: Outputs = { stdout: null, stderr: null };

/** A session with what the elastic pool notes of it. */
interface Noted {
  readonly session: Session;
  readonly stackSize: number;
  /** It is one thread's alone. */
  readonly own: boolean;
  /** It stands in `idle`; since when, in ms. */
  isIdle: boolean;
  idleSince: number;
}

const noted = new WeakMap<Session, Noted>();
/** By the stack size of their workers; longest idle first. */
const idle = new Map<number, Noted[]>();
/** A sweep is due. */
let sweeps = false;

/** @throws DataCloneError, and whatever keeps a worker from being made */
export function runInElasticPool(job: Job, stackSize: number, own?: OwnWorker): Outputs {
  const session = own === undefined ? takeIdle(stackSize) : undefined;
  if (session === undefined) {
    checkThreadLimit();
    const opened = new Session(owner, Number.POSITIVE_INFINITY);
    try {
      // Before there is a worker, which an argument that cannot be cloned is not worth.
      opened.give(job);
      return open(opened, stackSize, own);
    } catch (error) {
      opened.discard();
      throw error;
    }
  }
  try {
    session.give(job);
  } catch (error) {
    giveBack(session);
    throw error;
  }
  return PRINTED;
}

function open(session: Session, stackSize: number, own: OwnWorker | undefined): Outputs {
  const worker = openWorker(session, {
    ...own?.settings,
    resourceLimits: { ...stackOf(stackSize), ...own?.settings.resourceLimits },
  });
  noted.set(session, { session, stackSize, own: own !== undefined, isIdle: false, idleSince: 0 });
  if (own === undefined) return PRINTED;
  // Node has them printed from the start; nothing has come yet.
  if (own.stdout) worker.stdout.unpipe(process.stdout);
  if (own.stderr) worker.stderr.unpipe(process.stderr);
  return { stdout: own.stdout ? worker.stdout : null, stderr: own.stderr ? worker.stderr : null };
}

function stackOf(stackSize: number): WorkerSettings['resourceLimits'] {
  return stackSize > 0 ? { stackSizeMb: Math.max(stackSize, LEAST_STACK) / 2 ** 20 } : {};
}

/**
 * Of the idle workers the last one used, because its caches are warm; but none that has yet to look at a thread which was dropped
 * before it began: it is killed if it does not.
 */
function takeIdle(stackSize: number): Session | undefined {
  const those = idle.get(stackSize) ?? [];
  const at = those.findLastIndex(({ session }) => !session.dead && session.watch.hasSeen(session.newest));
  if (at < 0) return undefined;
  const [one] = those.splice(at, 1) as [Noted];
  one.isIdle = false;
  return one.session;
}

function giveBack(session: Session): void {
  const found = noted.get(session);
  if (found === undefined || found.isIdle || session.dead || session.size > 0 || session.hasLeftovers) return;
  if (found.own) {
    if (!session.flushing) void session.kill();
    return;
  }
  found.isIdle = true;
  found.idleSince = now();
  const those = idle.get(found.stackSize);
  if (those === undefined) idle.set(found.stackSize, [found]);
  else those.push(found);
  if (!sweeps) after(SURPLUS_MS, sweep);
  sweeps = true;
}

function sweep(): void {
  const time = now();
  for (const [stackSize, all] of idle) {
    // The dead are none of those that are kept.
    const those = all.filter(({ session }) => !session.dead);
    idle.set(stackSize, those);
    for (let oldest = those[0]; oldest !== undefined; oldest = those[0]) {
      const kept = those.length > KEPT ? SURPLUS_MS : KEPT_MS;
      if (time - oldest.idleSince < kept) break;
      those.shift();
      void oldest.session.kill();
    }
    if (those.length === 0) idle.delete(stackSize);
  }
  sweeps = idle.size > 0;
  if (sweeps) after(SURPLUS_MS, sweep);
}

const owner: SessionOwner<Session> = {
  ended: (session) => giveBack(session),
  lost: (session) => giveBack(session),
  freed: (session) => giveBack(session),
  heard: () => {},
  exited: (_, exit, begun, untouched) => {
    for (const job of begun) job.died(exit);
    for (const job of untouched) {
      job.over = true;
      job.died({ ...exit, unbegun: true });
    }
    return begun.length + untouched.length > 0;
  },
};
