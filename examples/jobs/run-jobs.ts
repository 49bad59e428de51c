import {
  catchError,
  concat,
  defer,
  ignoreElements,
  map,
  mergeMap,
  Observable,
  of,
  range,
  retry,
  throwError,
  timer,
} from 'rxjs';
import { type ThreadPool, threadModule } from 'rxjs-threading';

export type JobEvent =
  | { readonly kind: 'done'; readonly bytes: number }
  | { readonly kind: 'retried' }
  | { readonly kind: 'failed'; readonly frame: number; readonly error: Error }
  /** How much of the contact sheet there is, 0 to 1. */
  | { readonly kind: 'sheet'; readonly part: number };

const jobs = threadModule<typeof import('./jobs.worker.js')>(new URL('./jobs.worker.js', import.meta.url));

/** More than there are threads, so that those that wait for another try leave no thread idle. */
const IN_FLIGHT_PER_THREAD = 16;
const RETRIES = 3;
/** ms before the first of them. */
const FIRST_PAUSE = 50;
/** ms that a cancelled job has to end, before its worker is killed. */
const GRACE = 500;

/**
 * What happens to all of the jobs. To unsubscribe is to stop: what is queued never runs, what runs is cancelled.
 * The surplus of mergeMap is numbers of frames; their pixels never leave the workers.
 */
export function runJobs(
  pool: ThreadPool,
  threads: number,
  frames: number,
  directory: string,
): Observable<JobEvent> {
  const thumbnails$ = range(0, frames).pipe(
    mergeMap((frame) => runThumbnail(pool, frame, directory), threads * IN_FLIGHT_PER_THREAD),
  );
  return concat(thumbnails$, runSheet(pool, frames, directory));
}

/** A 'retried' for each attempt that failed but will be made again, then 'done' or 'failed'. */
function runThumbnail(pool: ThreadPool, frame: number, directory: string): Observable<JobEvent> {
  return new Observable((events) => {
    let attempt = 0;
    return defer(() => pool.run(jobs.thumbnail, [frame, ++attempt, directory], { grace: GRACE }))
      .pipe(
        retry({
          count: RETRIES,
          delay: (error, failures) => {
            if (!isTransient(error)) return throwError(() => error);
            events.next({ kind: 'retried' });
            return timer(backOff(failures));
          },
        }),
        map((bytes): JobEvent => ({ kind: 'done', bytes })),
        catchError((error: Error) => of<JobEvent>({ kind: 'failed', frame, error })),
      )
      .subscribe(events);
  });
}

/** A busy store, or a worker that died under the job. An error keeps its name on its way out of the thread. */
function isTransient({ name, code }: Error & { code?: unknown }): boolean {
  return name === 'StoreBusyError' || code === 'ERR_THREAD_DIED';
}

/** Twice as long each time; at random, so that those that failed together do not come back together. */
function backOff(failures: number): number {
  return FIRST_PAUSE * 2 ** (failures - 1) * (0.5 + Math.random() / 2);
}

function runSheet(pool: ThreadPool, frames: number, directory: string): Observable<JobEvent> {
  return new Observable((events) => {
    const onProgress = (part: unknown): void => events.next({ kind: 'sheet', part: part as number });
    return pool
      .run(jobs.contactSheet, [directory, frames], { grace: GRACE, onProgress })
      .pipe(ignoreElements())
      .subscribe(events);
  });
}
