// The same names between machines, over an engine that exists: Redis or Valkey, BullMQ for jobs.
export type { AcquireOptions } from '../index.js';
export { type CurrentJob, currentJob } from './current-job.js';
export * from './errors.js';
export * from './remote-pool.js';
export type { RemoteTimer } from './remote-timer.js';
export type { ServeOptions, Serving } from './serve.js';
