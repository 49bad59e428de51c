import type { Measurements } from './metrics-collector.js';

export function measurements(): Measurements {
  const none = new Map();
  return { waits: none, held: none, runs: none, jobWaits: none };
}
