/*
 * What the monitor tells of processes that share locks, over a Redis or Valkey: see `rxjs-threading/redis`. As in types.ts,
 * times are ms since the epoch by the clock of this process, whatever the engine's own clock shows.
 */

/** The processes of a namespace, and what they have and wait for, as a Machines of this process saw it last. */
export interface NamespaceInfo {
  /** Of the Machines that looked. No other row has it. */
  readonly session: string;
  readonly namespace: string;
  /** When it looked, three times a second at most. Old: the engine is out of reach, or the loop of its thread is blocked. */
  readonly seen: number;
  /** Those that live, in the order in which they joined. */
  readonly machines: readonly MachineInfo[];
  /** What is held or waited for: what most wait for first, 500 at most. */
  readonly things: readonly RemoteInfo[];
  /** How many more of these there are. */
  readonly thingsLeftOut: number;
}

/** A Machines: a process has one, as a rule. */
export interface MachineInfo {
  readonly session: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** Version of Node. */
  readonly node: string;
  readonly joined: number;
  /** When its lease ends unless it is renewed, as it is every third of it. */
  readonly leaseEnds: number;
  /** As of its last renewal. */
  readonly threads: number;
  /** Its ThreadPools, as of its last renewal. */
  readonly pools: readonly {
    readonly name: string;
    readonly busy: number;
    readonly queued: number;
    readonly threads: number;
  }[];
  /** Of the process that tells this. */
  readonly own: boolean;
  /** Part of this finding. */
  readonly finding: string | null;
}

/** A lock or another thing that processes share by its name. */
export interface RemoteInfo {
  readonly kind: 'lock' | 'semaphore' | 'event' | 'barrier' | 'condition';
  readonly name: string;
  /** By when each got it. */
  readonly holders: readonly RemoteHolder[];
  /** The longest waiting first. */
  readonly waiters: readonly RemoteWaiter[];
}

/** A process that waits for it. */
export interface RemoteWaiter {
  readonly session: string;
  /** Of the longest of its waits. */
  readonly since: number;
  /** How many waits of that process this stands for. */
  readonly count: number;
}

/** A process that has it. */
export interface RemoteHolder {
  readonly session: string;
  /** `RemoteHeld.token`, of the last that it got. */
  readonly token: number;
  /** Of the first that it has. */
  readonly since: number;
  /** How many permits. */
  readonly count: number;
}

/**
 * Processes each of which waits for a lock that the next one has: see `Machines.deadlocks$`. Always suspected, because parts of
 * a process that have nothing to do with each other look the same, and may go on.
 */
export interface DistributedDeadlock {
  readonly kind: 'distributed-deadlock';
  /** The same finding has the same id as long as it lasts. */
  readonly id: string;
  readonly since: number;
  /** One sentence, with names, to be shown and logged as it is. */
  readonly message: string;
  readonly certainty: 'suspected';
  readonly namespace: string;
  readonly cycle: readonly DistributedDeadlockEdge[];
}

/** One process of such a cycle. */
export interface DistributedDeadlockEdge {
  /** Of the process that waits. */
  readonly session: string;
  /** Name of the lock, which the next of the cycle has. */
  readonly waitsFor: string;
  readonly since: number;
  /** Name of the lock that the one before it in the cycle waits for. */
  readonly holds: string;
}
