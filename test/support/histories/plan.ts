import { Random } from './random.js';

export const KINDS = [
  'Lock',
  'RLock',
  'Semaphore',
  'BoundedSemaphore',
  'Event',
  'Condition(Lock)',
  'Condition(RLock)',
  'Barrier',
  'Barrier(action)',
] as const;
export type Kind = (typeof KINDS)[number];

/** What a lane is to do; test/fixtures/histories/lane.js does it. */
export interface PlannedOperation {
  readonly name: string;
  readonly face: 'blocking' | 'observable' | 'promise';
  readonly poll?: boolean;
  readonly timeout?: number;
  /** Leave the wait soon: after how many turns of the event loop, 0 being before the first. */
  readonly leaveAfter?: number;
  readonly n?: number;
  /** Only when the lane holds the lock, or a permit. */
  readonly ifHeld?: boolean;
  /** Before it: how many µs to be busy, and how many turns of the event loop to wait. */
  readonly spin: number;
  readonly turns: number;
}

export interface PlannedThread {
  readonly lanes: readonly (readonly PlannedOperation[])[];
}

export interface Plan {
  readonly kind: Kind;
  readonly seed: number;
  /** Permits, or parties. */
  readonly size: number;
  /** Main, which may have no lane, and workers. */
  readonly threads: readonly PlannedThread[];
  /** Which thread to kill, and after how many ticks. */
  readonly kill?: { readonly thread: number; readonly tick: number };
}

export interface PlanOptions {
  readonly kind: Kind;
  readonly seed: number;
  readonly kill: boolean;
  /** Of all threads together, about. */
  readonly operations: number;
}

export function plan({ kind, seed, kill, operations }: PlanOptions): Plan {
  return new Planner(kind, new Random(seed), kill).plan(seed, operations);
}

class Planner {
  readonly #kind: Kind;
  readonly #random: Random;
  readonly #kill: boolean;

  constructor(kind: Kind, random: Random, kill: boolean) {
    this.#kind = kind;
    this.#random = random;
    this.#kill = kill;
  }

  plan(seed: number, operations: number): Plan {
    const random = this.#random;
    const workers = 2 + random.below(2);
    const withMain = random.chance(0.5);
    const share = Math.ceil(operations / (workers + Number(withMain)));
    // A victim is to be killed in the middle of it.
    const each = this.#kill ? share * 2 : share;
    const threads = Array.from({ length: workers + 1 }, (_, number): PlannedThread => {
      if (number === 0 && !withMain) return { lanes: [] };
      const lanes = this.#mayShareThread && random.chance(0.4) ? 2 : 1;
      // Whoever blocks main, or another lane of its thread, may wait for just those.
      const alone = number > 0 && lanes === 1;
      return { lanes: Array.from({ length: lanes }, () => this.#lane(each / lanes, alone)) };
    });
    const kill = this.#kill && {
      kill: { thread: 1 + random.below(workers), tick: random.below(operations * 2) },
    };
    return { kind: this.#kind, seed, size: this.#size(threads), threads, ...kill };
  }

  /** An RLock's depth is its thread's: two lanes would let go what the other has. An action has to tell whose it is. */
  get #mayShareThread(): boolean {
    return this.#kind !== 'Condition(RLock)' && this.#kind !== 'Barrier(action)';
  }

  #size(threads: readonly PlannedThread[]): number {
    const lanes = threads.reduce((sum, thread) => sum + thread.lanes.length, 0);
    if (this.#kind.startsWith('Barrier')) return 2 + this.#random.below(Math.min(2, lanes - 1));
    // The permits that a victim had are gone.
    return 1 + this.#random.below(2) + (this.#kill ? 2 : 0);
  }

  #lane(least: number, mayBlock: boolean): readonly PlannedOperation[] {
    const lane: PlannedOperation[] = [];
    while (lane.length < least) lane.push(...this.#group(mayBlock));
    return lane;
  }

  #one(name: string, mayBlock: boolean, more: Partial<PlannedOperation> = {}): PlannedOperation {
    const random = this.#random;
    const face = random.pick(
      mayBlock ? (['blocking', 'observable', 'promise'] as const) : (['observable', 'promise'] as const),
    );
    return {
      name,
      face,
      // With it in hand, others come; a victim is to die with it.
      spin: more.ifHeld ? random.below(this.#kill ? 200 : 40) : random.chance(0.3) ? random.below(15) : 0,
      turns: random.chance(0.1) ? 1 + random.below(2) : 0,
      ...more,
    };
  }

  /** A wait that may give up, or be left. */
  #wait(name: string, mayBlock: boolean, givesUp = 0.2, leaves = 0.2): PlannedOperation {
    const random = this.#random;
    const wait = this.#one(name, mayBlock);
    if (random.chance(givesUp)) return { ...wait, timeout: random.pick([0, 0.05, 1, 3]) };
    return wait.face !== 'blocking' && random.chance(leaves)
      ? { ...wait, leaveAfter: random.below(3) }
      : wait;
  }

  #acquire(mayBlock: boolean): PlannedOperation {
    return this.#random.chance(0.2)
      ? this.#one('acquire', mayBlock, { poll: true })
      : this.#wait('acquire', mayBlock);
  }

  /** What is done in one go. */
  #group(mayBlock: boolean): readonly PlannedOperation[] {
    const random = this.#random;
    const release = () => this.#one('release', mayBlock, { ifHeld: true });
    const read = (name: string) => (random.chance(0.2) ? [this.#one(name, mayBlock)] : []);
    switch (this.#kind) {
      case 'Lock':
        // Any thread may release it, whoever has it.
        if (random.chance(0.03)) return [this.#one('release', mayBlock)];
        return [this.#acquire(mayBlock), ...read('locked'), release()];
      case 'RLock':
        if (random.chance(0.03)) return [this.#one('release', mayBlock)];
        if (random.chance(0.6)) return [this.#acquire(mayBlock), ...read('locked'), release()];
        return [this.#acquire(mayBlock), this.#acquire(mayBlock), release(), ...read('locked'), release()];
      case 'Semaphore':
      case 'BoundedSemaphore':
        if (random.chance(0.03)) return [this.#one('release', mayBlock, { n: 1 + random.below(2) })];
        return [this.#acquire(mayBlock), ...read('value'), release()];
      case 'Event': {
        const waits = [this.#wait('wait', mayBlock, 0.4), ...read('isSet')];
        return random.chance(0.4) ? [this.#one(random.chance(0.5) ? 'set' : 'clear', mayBlock)] : waits;
      }
      case 'Condition(Lock)':
      case 'Condition(RLock)':
        return this.#underLock(mayBlock, release);
      default:
        if (random.chance(0.04)) return [this.#one('reset', mayBlock)];
        if (random.chance(0.04)) return [this.#one('abort', mayBlock), this.#one('reset', mayBlock)];
        return [this.#wait('wait', mayBlock, 0.05)];
    }
  }

  #underLock(mayBlock: boolean, release: () => PlannedOperation): readonly PlannedOperation[] {
    const random = this.#random;
    const does = random.chance(0.45)
      ? this.#wait('wait', mayBlock, 0.25, 0.25)
      : this.#one('notify', mayBlock, { n: random.pick([0, 1, 1, 1, 2, 100]) });
    const body = random.chance(0.85) ? [{ ...does, spin: random.below(20), ifHeld: true }] : [];
    const deep = this.#kind === 'Condition(RLock)' && random.chance(0.2);
    if (!deep) return [this.#acquire(mayBlock), ...body, release()];
    return [this.#acquire(mayBlock), this.#acquire(mayBlock), ...body, release(), release()];
  }
}
