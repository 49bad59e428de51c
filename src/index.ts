export {
  BrokenBarrierError,
  OwnerDiedError,
  ThreadError,
  type ThreadErrorCode,
  type ThreadErrorOptions,
} from './errors.js';
export { Barrier, type BarrierOptions } from './primitives/barrier.js';
export { BoundedSemaphore } from './primitives/bounded-semaphore.js';
export { Condition } from './primitives/condition.js';
export { Event } from './primitives/event.js';
export { type AnyPrimitive, fromHandle, toHandle } from './primitives/handle.js';
export { Held } from './primitives/held.js';
export { Lock } from './primitives/lock.js';
export {
  type AcquireOptions,
  type AcquireSyncOptions,
  type PrimitiveOptions,
  TIMEOUT_MAX,
  type WaitOptions,
  type WaitSyncOptions,
} from './primitives/options.js';
export { RLock } from './primitives/rlock.js';
export { Semaphore } from './primitives/semaphore.js';
export { Wait } from './primitives/wait.js';
export { type ThreadWait, waits } from './primitives/waits.js';
