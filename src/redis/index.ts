// The same names between machines, over an engine that exists: Redis or Valkey, BullMQ for jobs.
export type { AcquireOptions } from '../index.js';
