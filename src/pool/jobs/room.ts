import { Observable } from 'rxjs';
import { ThreadError } from '../../errors.js';
import { checkCount, checkOptions } from '../../primitives/options.js';
import { DistinctSubscribers } from '../../primitives/waiting/audience.js';
import { nextTurn } from '../../primitives/waiting/event-loop.js';
import type { Wait } from '../../primitives/waiting/wait.js';
import type { RoomOptions } from '../thread/job-pool.js';
import { pendingWait } from '../thread/pending-wait.js';

/** What room is about: a ThreadPool. */
export interface Roomy {
  readonly name: string;
  readonly free: number;
  readonly queued: number;
  readonly closed: boolean;
}

/** One who waits for room. */
interface Asking {
  readonly buffer: number;
  readonly granted: () => void;
  readonly refused: (error: ThreadError) => void;
}

/**
 * Who waits for room in a pool, first come, first served. One is told at a time, and the next a turn of the event loop later:
 * by then the first has taken the room, if it wants it.
 */
export class Room {
  readonly #pool: Roomy;
  readonly #asking = new Set<Asking>();
  readonly #watchers = new DistinctSubscribers<number>(Object.is);
  #looking = false;

  constructor(pool: Roomy) {
    this.#pool = pool;
  }

  /** How many jobs would begin at once. */
  get count(): number {
    const { free, queued, closed } = this.#pool;
    return closed ? 0 : Math.max(0, free - queued);
  }

  readonly count$: Observable<number> = new Observable((subscriber) => {
    this.#watchers.add(subscriber, this.count);
    return () => this.#watchers.delete(subscriber);
  });

  /** @throws TypeError, RangeError showing the value */
  wait(options: RoomOptions = {}): Wait<boolean> {
    checkOptions(options, ['timeout', 'signal', 'buffer']);
    const buffer = options.buffer === undefined ? 0 : checkCount('buffer', options.buffer, 0, 2 ** 31);
    return pendingWait(
      options,
      (settle) => {
        if (this.#pool.closed) return void settle.reject(this.#isClosed());
        if (this.#asking.size === 0 && this.#hasRoom(buffer)) return void settle.resolve(true);
        const asking: Asking = {
          buffer,
          granted: () => settle.resolve(true),
          refused: (error) => settle.reject(error),
        };
        this.#asking.add(asking);
        return () => void this.#asking.delete(asking);
      },
      // There may be some by now, where nobody else asks: the event loop that tells of that may have been blocked.
      (settle) => settle.resolve(!this.#pool.closed && this.#asking.size === 1 && this.#hasRoom(buffer)),
    );
  }

  #hasRoom(buffer: number): boolean {
    return this.count > 0 || (buffer > 0 && this.#pool.queued < buffer);
  }

  #isClosed(): ThreadError {
    return new ThreadError(`${this.#pool.name} is closed: there is no room in it`, { code: 'ERR_POOL' });
  }

  /** Called when jobs or workers have come or gone. */
  changed(): void {
    if (this.#looking || (this.#asking.size === 0 && this.#watchers.size === 0)) return;
    this.#looking = true;
    nextTurn(() => {
      this.#looking = false;
      this.#watchers.emit(this.count);
      if (this.#pool.closed) for (const { refused } of [...this.#asking]) refused(this.#isClosed());
      for (const asking of this.#asking) {
        if (!this.#hasRoom(asking.buffer)) continue;
        asking.granted();
        this.changed();
        return;
      }
    });
  }
}
