import { watchStarted } from '../../primitives/threads/kernel.js';
import { newPiscina, type Piscina, type PiscinaOptions } from './piscina.js';
import type { Session } from './session.js';
import { workerEntry } from './worker-files.js';

/** What Piscina passes on to the worker. */
export type WorkerSettings = Pick<PiscinaOptions, 'resourceLimits' | 'execArgv' | 'env'>;
/** Of node:worker_threads. */
export type PiscinaWorker = Piscina['threads'][number];

/**
 * Starts a worker for a session: a Piscina of one, whose only task hands over the session's port, with its first job. One
 * Piscina for all sessions of a ThreadPool would start more workers than it is asked to, forget the task of a worker that
 * fails as it starts, not replace workers any more once one has, and throw where nobody can catch when the system has no
 * more.
 *
 * @throws whatever keeps a worker from being made
 */
export function openWorker(session: Session, settings: WorkerSettings): PiscinaWorker {
  const filename = workerEntry();
  const [piscina, exists] = watchStarted(() =>
    newPiscina({
      ...settings,
      filename,
      name: 'openSession',
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      recordTiming: false,
    }),
  );
  let thrown: unknown;
  // Piscina emits a worker's error as its own, too, and would throw it if nobody listened.
  piscina.on('error', () => {});
  const worker = piscina.threads[0] as PiscinaWorker;
  // Before Piscina's own listeners, which would put another worker in the place of this one.
  worker.prependListener('error', (error: unknown) => {
    thrown = error ?? new Error(`${error} was thrown`);
    void piscina.destroy();
  });
  worker.prependListener('exit', (exitCode: number) => {
    void piscina.destroy();
    session.exited(thrown, exitCode);
  });
  const { opening } = session;
  session.attach({
    threadId: worker.threadId,
    exists,
    ref: () => worker.ref(),
    terminate: () => void piscina.destroy(),
    open: () =>
      void piscina.run(opening, { transferList: [opening.port] }).catch((error) => {
        thrown ??= error;
        void piscina.destroy();
      }),
  });
  return worker;
}
