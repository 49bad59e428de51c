// The same names between machines, over an engine that exists: Redis or Valkey, BullMQ for jobs.
export type { Owner } from '../errors.js';
export type { Engine, EngineOperation } from './engine.js';
export {
  EngineError,
  type EngineErrorOptions,
  JobLostError,
  LockLostError,
  type LockLostErrorOptions,
  type LostReason,
} from './errors.js';
export { type Fence, type FencedTransaction, fence } from './fence.js';
export type { MachineInfo, MachinePool, MachinesSnapshot, SnapshotThing } from './info.js';
export { Machines } from './machines.js';
export type { Codec, MachinesOptions } from './options.js';
export type { RemoteHeld } from './remote-held.js';
export type { RemoteLock, RemoteLockOptions } from './remote-lock.js';
export type { MachinesState } from './session.js';
