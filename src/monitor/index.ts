/**
 * What every thread, lock and pool of this process does: as a page, as data, as metrics, as a trace; and its deadlocks. A
 * program that does not import it pays nothing for it.
 *
 * @module rxjs-threading/monitor
 */

export { channels } from './channels.js';
export { deadlocks, deadlocks$ } from './deadlocks.js';
export { threadDump } from './dump.js';
export { inspect } from './inspect.js';
export { inspect$ } from './inspect-stream.js';
export { type MetricsRegistry, metrics, registerMetrics } from './metrics.js';
export type {
  DistributedDeadlock,
  DistributedDeadlockEdge,
  MachineInfo,
  NamespaceInfo,
  RemoteHolder,
  RemoteInfo,
  RemoteWaiter,
} from './namespace-info.js';
export { type InstrumentOptions, instrument, MissingPackageError } from './opentelemetry.js';
export type { Delta, MonitorEvent, MonitorMessage } from './protocol.js';
export { type Recording, type RecordOptions, record } from './record.js';
export { type MonitorHandler, monitorHandler } from './server/monitor-handler.js';
export type { MonitorOptions, ServeOptions } from './server/monitor-options.js';
export { type MonitorServer, serveMonitor } from './server/serve-monitor.js';
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
