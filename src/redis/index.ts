/**
 * The same names between machines, over an engine that exists: Redis or Valkey, and BullMQ on it for jobs. Everything
 * begins with a {@link Machines}.
 *
 * @module rxjs-threading/redis
 */

export type { Owner } from '../errors.js';
export { type CurrentJob, currentJob } from './current-job.js';
export type { Engine, EngineOperation } from './engine.js';
export {
  EngineError,
  type EngineErrorOptions,
  JobLostError,
  LockLostError,
  type LockLostErrorOptions,
  type LostReason,
  type RemoteOwnerDiedError,
} from './errors.js';
export { type Fence, type FencedTransaction, fence } from './fence.js';
export type { MachineInfo, MachinePool, MachinesSnapshot, MachinesState, SnapshotThing } from './info.js';
export type { MachineDeadlock, MachineDeadlockEdge } from './machine-deadlocks.js';
export { Machines } from './machines.js';
export type { Codec, MachinesOptions } from './options.js';
export type { RemoteBarrier, RemoteBarrierOptions } from './remote-barrier.js';
export type { RemoteCondition } from './remote-condition.js';
export type { RemoteEvent } from './remote-event.js';
export type { RemoteHeld } from './remote-held.js';
export type { RemoteLock, RemoteLockOptions } from './remote-lock.js';
export {
  type FailedJob,
  RemotePool,
  type RemotePoolOptions,
  type RemotePoolStats,
  type RemoteRunOptions,
  type RetryOptions,
} from './remote-pool.js';
export type { RemoteRLock } from './remote-rlock.js';
export type { RemoteSemaphore } from './remote-semaphore.js';
export type { RemoteTimer } from './remote-timer.js';
export type { ServeOptions, Serving } from './serve.js';
