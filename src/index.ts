export {
  BrokenBarrierError,
  OwnerDiedError,
  type OwnerDiedErrorOptions,
  ThreadError,
  type ThreadErrorCode,
  type ThreadErrorOptions,
} from './errors.js';
export { type AwaitConditionOptions, awaitCondition } from './operators/await-condition.js';
export { type AwaitEventOptions, awaitEvent } from './operators/await-event.js';
export { barrierZip } from './operators/barrier-zip.js';
export { type RunInThreadOptions, runInThread } from './operators/run-in-thread.js';
export { type ThreadMapOptions, threadMap } from './operators/thread-map.js';
export { type ThreadPipeOptions, threadPipe } from './operators/thread-pipe.js';
export { type TimerDelayOptions, timerDelay } from './operators/timer-delay.js';
export { type WithLockOptions, withLock } from './operators/with-lock.js';
export { currentThread, getNativeId, mainThread } from './pool/current-thread.js';
export type { Emitted } from './pool/emitted.js';
export { activeCount, activeCount$, enumerate, enumerate$ } from './pool/enumerate.js';
export {
  type ExceptHook,
  type ExceptHookArgs,
  excepthook,
  excepthook$,
  setExcepthook,
} from './pool/excepthook.js';
export { reportProgress } from './pool/progress.js';
export { sleepSync } from './pool/sleep-sync.js';
export { stackSize } from './pool/stack-size.js';
export { Thread } from './pool/thread.js';
export { ThreadLocal } from './pool/thread-local.js';
export { type ThreadModule, threadModule } from './pool/thread-module.js';
export type { ThreadOptions } from './pool/thread-options.js';
export {
  type PoolStats,
  type PoolWarning,
  type RunOptions,
  ThreadPool,
  type ThreadPoolOptions,
  type TimeStats,
} from './pool/thread-pool.js';
export type { ThreadState } from './pool/thread-text.js';
export { Timer } from './pool/timer.js';
export {
  getprofile,
  gettrace,
  setprofile,
  setprofileAllThreads,
  settrace,
  settraceAllThreads,
  type TraceFunction,
  trace$,
} from './pool/trace.js';
export type { TraceEvent } from './pool/trace-events.js';
export { transfer } from './pool/transfer.js';
export type { Acquirable } from './primitives/acquirable.js';
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
export type { ModuleTarget, Target } from './primitives/target.js';
export { getIdent } from './primitives/thread-table.js';
export { Wait } from './primitives/wait.js';
export { type ThreadWait, waits } from './primitives/waits.js';
