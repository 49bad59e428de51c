import { channel } from 'node:diagnostics_channel';
import type { DistributedDeadlock } from './namespace-info.js';
import type { Deadlock } from './types.js';

/**
 * Channels of `node:diagnostics_channel`, in the thread in which it happens, and at no cost while nobody has subscribed
 * there. `wait`, `hold` and `run` are tracing channels: their events are channels of their own, such as
 * `tracing:rxjs-threading:wait:start`, and who listens to any has to listen to `start`. Python has no such thing.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel';
 * subscribe(`tracing:${channels.wait}:start`, (told) => console.log((told as { name: string }).name)); // prints ledger
 * const lock = new Lock({ name: 'ledger' });
 * await lock.acquire();
 * lock.acquire().subscribe().unsubscribe();
 */
export const channels: {
  /**
   * An acquire or wait that could not be had at once: `{ kind, name, id, face, owner, outcome }`. A blocking one ends with
   * `end`, an Observable one with `asyncEnd`. Each that is for something between machines is one, of kinds such as `RemoteLock`,
   * with 0 as its `id`.
   */
  readonly wait: 'rxjs-threading:wait';
  /**
   * From acquired to released, of a Lock or RLock that had to be waited for: `{ kind, name, id, face }`. One that was acquired
   * blocking ends with `end`, an Observable one with `asyncEnd`; one that another thread releases once the event loop of its own
   * turns, and one that its thread leaves locked never. Permits of a Semaphore are not told apart. Of a lock between machines each,
   * until it is released or lost, by `asyncEnd`.
   */
  readonly hold: 'rxjs-threading:hold';
  /** A target: `{ ident, name, target, pool, traceparent, error }`. Ends with `asyncEnd`; before that `error`, if it fails. */
  readonly run: 'rxjs-threading:run';
  /**
   * A Deadlock, once, as `deadlocks`, `inspect` or a stream of these finds it; a DistributedDeadlock, as `inspect` does while
   * somebody looks.
   */
  readonly deadlock: 'rxjs-threading:deadlock';
  /** A PoolWarning, as the pool's `warnings$` has it. */
  readonly starvation: 'rxjs-threading:starvation';
  /**
   * A lock that this thread was to acquire had a dead owner: `{ kind, name, id, owner }`; between machines with `machine`, as
   * OwnerDiedError has it.
   */
  readonly ownerDied: 'rxjs-threading:owner-died';
} = {
  wait: 'rxjs-threading:wait',
  hold: 'rxjs-threading:hold',
  run: 'rxjs-threading:run',
  deadlock: 'rxjs-threading:deadlock',
  starvation: 'rxjs-threading:starvation',
  ownerDied: 'rxjs-threading:owner-died',
};

const found = channel(channels.deadlock);
const known: Record<'threads' | 'machines', ReadonlySet<string>> = {
  threads: new Set(),
  machines: new Set(),
};

/** Called with all deadlocks that there are between these whenever somebody has looked: tells of new ones. */
export function tellDeadlocks(
  between: 'threads' | 'machines',
  deadlocks: readonly (Deadlock | DistributedDeadlock)[],
): void {
  const before = known[between];
  known[between] = new Set(deadlocks.map(({ id }) => id));
  if (found.hasSubscribers) for (const one of deadlocks) if (!before.has(one.id)) found.publish(one);
}
