/**
 * What a Machines of this thread tells a monitor of the processes that share its namespace, in the part `machines` of a
 * LoopAnswer: src/redis tells it and src/monitor reads it, and neither may import the other. Times are ms on the clock of
 * all threads.
 */
export interface ToldNamespace {
  readonly namespace: string;
  /** Of the Machines that tells it. */
  readonly session: string;
  /** When it last looked at the engine. */
  readonly seen: number;
  readonly machines: readonly ToldMachine[];
  readonly things: readonly ToldThing[];
  readonly thingsLeftOut: number;
  readonly deadlocks: readonly ToldDeadlock[];
}

export interface ToldMachine {
  readonly session: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly node: string;
  readonly joined: number;
  readonly leaseEnds: number;
  readonly threads: number;
  readonly pools: readonly {
    readonly name: string;
    readonly busy: number;
    readonly queued: number;
    readonly threads: number;
  }[];
}

export interface ToldThing {
  readonly kind: 'lock' | 'semaphore' | 'event' | 'barrier' | 'condition';
  readonly name: string;
  readonly holders: readonly (ToldShare & { readonly token: number })[];
  readonly waiters: readonly ToldShare[];
}

/** What one process has of a thing, or how it waits for it. */
export interface ToldShare {
  readonly session: string;
  /** Of the oldest. */
  readonly since: number;
  readonly count: number;
}

export interface ToldDeadlock {
  readonly id: string;
  readonly since: number;
  readonly message: string;
  readonly cycle: readonly { readonly session: string; readonly waitsFor: string; readonly since: number }[];
}
