import { isDeepStrictEqual } from 'node:util';
import { Observable } from 'rxjs';
import { DistinctSubscribers } from '../primitives/waiting/audience.js';
import { after, every } from '../primitives/waiting/event-loop.js';
import { endsApart } from './ends-apart.js';
import type { JobDesk } from './job-desk.js';

/** A pool between machines as it is now. */
export interface RemotePoolStats {
  /** Jobs that wait for a process. */
  readonly queued: number;
  /** Jobs whose time has not come. */
  readonly delayed: number;
  /** Jobs that run. */
  readonly running: number;
  /** The dead letters. */
  readonly failed: number;
  /** Processes that serve it. */
  readonly workers: number;
}

/** How often it is looked, in ms. */
const LOOK_EVERY = 1000;

/** The pool now and each second, distinct: one look for all who watch. */
export function poolStats(open: () => JobDesk): Observable<RemotePoolStats> {
  const watchers = new DistinctSubscribers<RemotePoolStats>(isDeepStrictEqual);
  let stopLooking: (() => void) | undefined;
  const stats = new Observable<RemotePoolStats>((subscriber) => {
    const desk = open();
    const lookAgain = async (): Promise<void> => watchers.emit(await look(desk));
    const stop = desk.onClose((error) => subscriber.error(error));
    const begin = async (): Promise<void> => {
      if (subscriber.closed) return;
      try {
        const stats = await look(desk);
        if (subscriber.closed) return;
        watchers.add(subscriber, stats);
        stopLooking ??= every(LOOK_EVERY, () => desk.inBackground(lookAgain()));
      } catch (error) {
        // It may be refused no more by then.
        after(LOOK_EVERY, () => desk.inBackground(begin()));
        throw error;
      }
    };
    desk.inBackground(begin());
    return () => {
      stop();
      watchers.delete(subscriber);
      if (watchers.size > 0) return;
      stopLooking?.();
      stopLooking = undefined;
    };
  });
  return endsApart(stats);
}

async function look(desk: JobDesk): Promise<RemotePoolStats> {
  const [counts, workers] = await Promise.all([
    desk.queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed'),
    desk.countServing(),
  ]);
  const { waiting = 0, prioritized = 0, delayed = 0, active = 0, failed = 0 } = counts;
  return { queued: waiting + prioritized, delayed, running: active, failed, workers };
}
