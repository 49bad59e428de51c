import { isDeepStrictEqual } from 'node:util';
import { Observable, Subject } from 'rxjs';
import type { PoolRecord } from '../../primitives/threads/pool-records.js';
import { DistinctSubscribers } from '../../primitives/waiting/audience.js';
import { nextTurn } from '../../primitives/waiting/event-loop.js';
import type { PoolStats, PoolWarning } from '../thread/job-pool.js';
import type { Dispatcher } from './dispatcher.js';
import { Room, type Roomy } from './room.js';
import { StarvationWatch } from './starvation.js';

/** What a pool tells of itself: its statistics, that it starves, and that there is room, here and to other threads. */
export class PoolWatch {
  readonly room: Room;
  readonly #record: PoolRecord;
  readonly #jobs: Dispatcher;
  readonly #watchers = new DistinctSubscribers<PoolStats>(isDeepStrictEqual);
  #telling = false;
  readonly #warnings = new Subject<PoolWarning>();
  readonly #starvation: StarvationWatch;

  /** @param record - for other threads */
  constructor(pool: Roomy, record: PoolRecord, jobs: Dispatcher) {
    this.room = new Room(pool);
    this.#record = record;
    this.#jobs = jobs;
    this.#starvation = new StarvationWatch(pool.name, jobs, (warning) => {
      if (warning !== undefined) this.#warnings.next(warning);
      this.changed();
    });
  }

  get stats(): PoolStats {
    const { busy, queued, counters, workers } = this.#jobs;
    return {
      threads: workers.count,
      busy,
      queued,
      completed: counters.completed,
      failed: counters.failed,
      cancelled: counters.cancelled,
      starved: this.#starvation.starved,
      runTime: counters.runTime.stats,
      waitTime: counters.waitTime.stats,
    };
  }

  readonly stats$: Observable<PoolStats> = new Observable((subscriber) => {
    this.#watchers.add(subscriber, this.stats);
    return () => this.#watchers.delete(subscriber);
  });

  readonly warnings$: Observable<PoolWarning> = new Observable((subscriber) =>
    this.#warnings.subscribe(subscriber),
  );

  /** Called when a job has come, begun or ended, or a worker has. */
  changed(): void {
    const { busy, queued, workers } = this.#jobs;
    this.#record.now(workers.count, busy, queued, this.#starvation.starved);
    this.#starvation.watch();
    this.room.changed();
    if (this.#watchers.size === 0 || this.#telling) return;
    this.#telling = true;
    nextTurn(() => {
      this.#telling = false;
      this.#watchers.emit(this.stats);
    });
  }
}
