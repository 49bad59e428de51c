import type { MessagePort } from 'node:worker_threads';
import type { Cells } from '../../primitives/memory/word.js';
import type { PackedTarget } from '../../primitives/target.js';
import { type Starter, starterHere } from '../../primitives/threads/claim-slot.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { DAEMON } from '../../primitives/threads/table.js';
import { flagsOf } from '../../primitives/threads/thread-slots.js';
import type { Job, JobEnd, WorkerExit } from './job.js';

/** Whose jobs a worker runs, what is done in it besides them, and when it is replaced. */
export interface WorkerLife {
  /** `id` of its ThreadPool, for monitors; 0: none. */
  readonly pool: number;
  /** Runs before the first job, and gives the worker's context; after the last one. */
  readonly setup: PackedTarget | undefined;
  readonly teardown: PackedTarget | undefined;
  /** Jobs that it may run, and MB that its heap may have after one. */
  readonly maxJobs: number;
  readonly maxHeap: number;
}

export const PLAIN_LIFE: WorkerLife = {
  pool: 0,
  setup: undefined,
  teardown: undefined,
  maxJobs: Number.POSITIVE_INFINITY,
  maxHeap: Number.POSITIVE_INFINITY,
};

/** What the worker gets as the session opens: `openSession` in in-worker/session.ts takes it. */
export interface SessionOpening {
  readonly port: MessagePort;
  readonly cells: Cells;
  /** Who counts as the starter of the threads whose idents the worker takes, and their FLAGS. */
  readonly starter: Starter;
  readonly flags: number;
  /** ms that leftovers may keep the worker from its next job; then they count as there to stay. */
  readonly leftoversMs: number;
  readonly life: WorkerLife;
}

/** For a session that this thread opens. */
export function openingHere(
  port: MessagePort,
  cells: Cells,
  leftoversMs: number,
  life: WorkerLife,
): SessionOpening {
  const ident = getIdent();
  return { port, cells, starter: starterHere(ident), flags: flagsOf(ident) & DAEMON, leftoversMs, life };
}

/** Whose session it is: a ThreadPool's dispatcher, or the elastic pool. */
export interface SessionOwner<S> {
  /** The job has ended, and has not been told yet. */
  ended(session: S, job: Job, end: JobEnd): void;
  /** The job is lost, and has not been told yet; the worker goes on. */
  lost(session: S, job: Job, exit: WorkerExit): void;
  /** These were taken back, or the worker is done with its leftovers: there is room. */
  freed(session: S, returned: readonly Job[]): void;
  /** All that the worker had said by now has been heard. */
  heard(session: S): void;
  /**
   * The worker has exited. The owner tells those that it had `begun` with; those `untouched` may be run elsewhere.
   * Returns whether one of them was told the error.
   */
  exited(session: S, exit: WorkerExit, begun: readonly Job[], untouched: readonly Job[]): boolean;
}
