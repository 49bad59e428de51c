export { deadlocks, deadlocks$ } from './deadlocks.js';
export { inspect } from './inspect.js';
export type { Delta, MonitorEvent, MonitorMessage } from './protocol.js';
export { stackOf } from './thread-stack.js';
export type {
  Abandoned,
  ContentionInfo,
  Deadlock,
  DeadlockEdge,
  DeadlockOptions,
  Doubt,
  Durations,
  Finding,
  Inspection,
  InspectOptions,
  LimitsInfo,
  LoopInfo,
  OwnerInfo,
  PoolInfo,
  PrimitiveInfo,
  PrimitiveKind,
  PrimitiveState,
  ProcessInfo,
  Site,
  SiteInfo,
  Stall,
  Starvation,
  ThreadActivity,
  ThreadInfo,
  WaitInfo,
} from './types.js';
