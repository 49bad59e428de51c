/** 'cut': no answer at the moment, what is held is ours until the lease ends. 'over': it ended; a new session begins by itself. */
export type MachinesState = 'connecting' | 'open' | 'cut' | 'over' | 'closed';

/** A living process of the namespace, as `enumerate` tells it. */
export interface MachineInfo {
  readonly session: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** ms since the epoch, by the engine's clock, when it joined. */
  readonly joined: number;
  /** ms since the epoch, by the engine's clock, when its lease ends unless renewed. */
  readonly leaseEnds: number;
  /** Version of Node. */
  readonly node: string;
  /** As of its last renewal. */
  readonly threads: number;
  /** As of its last renewal. */
  readonly pools: readonly MachinePool[];
}

/** A ThreadPool of a process, as of its last renewal. */
export interface MachinePool {
  readonly name: string;
  readonly busy: number;
  readonly queued: number;
  readonly threads: number;
}

/** Who has what, and who waits for what, in all processes. */
export interface MachinesSnapshot {
  /** ms since the epoch, by the engine's clock. */
  readonly at: number;
  readonly machines: readonly MachineInfo[];
  readonly things: readonly SnapshotThing[];
}

/** One that is held or waited for. */
export interface SnapshotThing {
  readonly kind: 'lock' | 'semaphore' | 'event' | 'barrier' | 'condition';
  readonly name: string;
  readonly holders: readonly { readonly session: string; readonly token: bigint; readonly since: number }[];
  readonly waiters: readonly { readonly session: string; readonly since: number }[];
}
