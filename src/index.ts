/**
 * Locks, conditions, semaphores, events, barriers, threads and pools of this process, and operators over them.
 * `rxjs-threading/monitor` shows what they do, `rxjs-threading/redis` has the same names between machines.
 *
 * @module rxjs-threading
 */

export {
  BrokenBarrierError,
  type Owner,
  OwnerDiedError,
  type OwnerDiedErrorOptions,
  ThreadError,
  type ThreadErrorCode,
  type ThreadErrorOptions,
} from './errors.js';
export { type AwaitConditionOptions, awaitCondition } from './operators/await-condition.js';
export { type AwaitEventOptions, awaitEvent } from './operators/await-event.js';
export { barrierZip } from './operators/barrier-zip.js';
export type { JobRunner, JobRunnerOptions } from './operators/parts/job-runner.js';
export { type RunInThreadOptions, runInThread } from './operators/run-in-thread.js';
export { pulled, type ThreadMapOptions, threadMap } from './operators/thread-map.js';
export { type ThreadPipeOptions, threadPipe } from './operators/thread-pipe.js';
export { type TimerDelayOptions, timerDelay } from './operators/timer-delay.js';
export { type WithLockOptions, withLock } from './operators/with-lock.js';
export { currentThread, getNativeId, mainThread } from './pool/functions/current-thread.js';
export { activeCount, activeCount$, enumerate, enumerate$ } from './pool/functions/enumerate.js';
export {
  type ExceptHook,
  type ExceptHookArgs,
  excepthook,
  excepthook$,
  setExcepthook,
} from './pool/functions/excepthook.js';
export { sleepSync } from './pool/functions/sleep-sync.js';
export { ThreadLocal } from './pool/functions/thread-local.js';
export { type ThreadModule, threadModule } from './pool/functions/thread-module.js';
export {
  getprofile,
  gettrace,
  setprofile,
  setprofileAllThreads,
  settrace,
  settraceAllThreads,
  type TraceFunction,
  trace$,
} from './pool/functions/trace.js';
export type { TraceEvent } from './pool/functions/trace-events.js';
export { jobContext } from './pool/in-worker/job-context.js';
export { reportProgress } from './pool/in-worker/progress.js';
export { workerContext } from './pool/in-worker/worker-context.js';
export {
  type ContextStorage,
  type MapOptions,
  type PoolPiscina,
  type PoolRunOptions,
  type PoolStats,
  type PoolWarning,
  type PoolWorker,
  type RoomOptions,
  type RunOptions,
  ThreadPool,
  type ThreadPoolOptions,
  type TimeStats,
} from './pool/jobs/thread-pool.js';
export type { JobPool } from './pool/thread/job-pool.js';
export { Thread } from './pool/thread/thread.js';
export type { NeedsArgs, ThreadOptions } from './pool/thread/thread-options.js';
export type { ThreadState } from './pool/thread/thread-side.js';
export { Timer, type TimerOptions } from './pool/thread/timer.js';
export { transfer } from './pool/wire/transfer.js';
export type { ThreadOutput } from './pool/workers/elastic-pool.js';
export { stackSize } from './pool/workers/stack-size.js';
export { threadLimit } from './pool/workers/thread-limit.js';
export { setWorkerFile } from './pool/workers/worker-files.js';
export type { WorkerLimits, WorkerOptions } from './pool/workers/worker-options.js';
export type { Acquirable, Hold, Holding } from './primitives/acquirable.js';
export { Barrier, type BarrierOptions } from './primitives/barrier.js';
export { BoundedSemaphore } from './primitives/bounded-semaphore.js';
export { Condition } from './primitives/condition.js';
export { Event } from './primitives/event.js';
export type { Gate } from './primitives/gate.js';
export { type AnyPrimitive, fromHandle, toHandle } from './primitives/handle.js';
export { Held, type Holdable } from './primitives/held.js';
export { Lock } from './primitives/lock.js';
export type { Meeting } from './primitives/meeting.js';
export type { Notifiable } from './primitives/notifiable.js';
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
export type { Emitted, ModuleTarget, RunParameters, Target } from './primitives/target.js';
export { getIdent } from './primitives/threads/current-ident.js';
export { type ThreadWait, waits } from './primitives/threads/wait-graph.js';
export type { PrimitiveEvent } from './primitives/waiting/trace.js';
export { type Begin, type Settle, Wait } from './primitives/waiting/wait.js';
