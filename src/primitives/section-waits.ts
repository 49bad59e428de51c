import type { HeldGroup, Holdable } from './held.js';
import { RLock } from './rlock.js';
import { Synchronizer } from './synchronizer.js';
import { onThreadEnd } from './threads/current-ident.js';
import { type PendingWait, pendingWaits } from './waiting/local-queue.js';
import { type Scope, sectionNumber, sectionsOf } from './waiting/section-scope.js';

/** What a `withLock` section, or other code of this thread, waits for. */
export interface SectionWait {
  /** `id` of the wait that `waits` tells of, which stands for all of this thread for the same primitive; 0: it is not listed. */
  readonly wait: number;
  readonly primitive: number;
  readonly name: string;
  /** Numbers of the sections that the wait is within, innermost first; the first one is that which is to begin with it. */
  readonly sections: readonly number[];
  /** Numbers of the sections of this thread that hold the primitive, as far as that is followed. */
  readonly holders: readonly number[];
  /** ms on the clock of all threads; until: null where it never gives up. */
  readonly since: number;
  readonly until: number | null;
}

/**
 * The Observable waits of the current thread, each with the sections that wait with it: of two sections that wait for one
 * another neither goes on by itself, although the thread does.
 *
 * Of an RLock it is always known which section has it. Of a Lock and a Semaphore it is for sections that were asked for
 * while somebody looked at SECTIONS (threads/trace-flag.ts), because it takes an AsyncLocalStorage.
 */
export function sectionWaits(): SectionWait[] {
  return pendingWaits().map(sectionWait);
}

function sectionWait({ id, on, scope, since, until }: PendingWait): SectionWait {
  return {
    wait: id,
    primitive: on.id,
    name: on.name,
    sections: sectionsOf(scope),
    holders: holdersOf(on),
    since,
    until: until === Number.POSITIVE_INFINITY ? null : until,
  };
}

/** What sections hold of a Lock or Semaphore: a list, because to hash each of them would cost more than to acquire. */
interface Follows {
  last: FollowedHold | undefined;
}

let followed = new WeakMap<object, Follows>();

// What an ended thread had is not the next one's in this worker.
onThreadEnd(() => {
  followed = new WeakMap();
});

function holdersOf(primitive: object): number[] {
  if (primitive instanceof RLock)
    return primitive.holder === undefined ? [] : [sectionNumber(primitive.holder)];
  if (!(primitive instanceof Synchronizer)) return [];
  const holders: number[] = [];
  for (let hold = followed.get(primitive)?.last; hold !== undefined; hold = hold.before)
    // One whose Helds are set aside waits for a Condition, which has let the lock go.
    if (hold.taken === primitive.helds) holders.push(sectionNumber(hold.owner));
  return holders.reverse();
}

/** A Lock or permit that a section has taken: what its Held releases. */
export class FollowedHold implements Holdable {
  readonly #of: Synchronizer;
  readonly #all: Follows;
  readonly owner: object;
  /** The Helds that were in effect as it was taken. */
  readonly taken: HeldGroup;
  before: FollowedHold | undefined;
  #after: FollowedHold | undefined = undefined;

  constructor(of: Synchronizer, scope: Scope) {
    this.#of = of;
    this.owner = scope.owner;
    this.taken = of.helds;
    this.#all = allOf(of);
    this.before = this.#all.last;
    if (this.before !== undefined) this.before.#after = this;
    this.#all.last = this;
  }

  get helds(): HeldGroup {
    return this.#of.helds;
  }

  release(): void {
    if (this.#after === undefined) this.#all.last = this.before;
    else this.#after.before = this.before;
    if (this.before !== undefined) this.before.#after = this.#after;
    this.#of.release();
  }
}

function allOf(lock: object): Follows {
  const known = followed.get(lock);
  if (known !== undefined) return known;
  const all: Follows = { last: undefined };
  followed.set(lock, all);
  return all;
}
