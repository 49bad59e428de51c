/** 'cut': no answer at the moment, what is held is ours until the lease ends. 'over': it ended; a new session begins by itself. */
export type MachinesState = 'connecting' | 'open' | 'cut' | 'over' | 'closed';

/** A living process of the namespace, as `enumerate` tells it. */
export interface MachineInfo {
  /** Id of its membership; another after a loss. */
  readonly session: string;
  /** As its Machines was named. */
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** ms since the epoch, by the engine's clock, when it joined. */
  readonly joined: number;
  /** ms since the epoch, by the engine's clock, when its lease ends unless renewed. */
  readonly leaseEnds: number;
  /** Version of Node. */
  readonly node: string;
  /** How many it has, as of its last renewal. */
  readonly threads: number;
  /** Its ThreadPools, as of its last renewal. */
  readonly pools: readonly MachinePool[];
}

/** A ThreadPool of a process, as of its last renewal. */
export interface MachinePool {
  readonly name: string;
  /** Jobs that run. */
  readonly busy: number;
  /** Jobs that wait. */
  readonly queued: number;
  /** Workers that it has. */
  readonly threads: number;
}

/** Who has what, and who waits for what, in all processes. */
export interface MachinesSnapshot {
  /** ms since the epoch, by the engine's clock. */
  readonly at: number;
  readonly machines: readonly MachineInfo[];
  /** Those that are held or waited for. */
  readonly things: readonly SnapshotThing[];
}

/** A lock or the like that is held or waited for. `since`: ms since the epoch, by the engine's clock. */
export interface SnapshotThing {
  readonly kind: 'lock' | 'semaphore' | 'event' | 'barrier' | 'condition';
  readonly name: string;
  readonly holders: readonly { readonly session: string; readonly token: bigint; readonly since: number }[];
  readonly waiters: readonly { readonly session: string; readonly since: number }[];
}
