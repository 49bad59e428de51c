import { contendedPrimitives } from '../primitives/threads/contention.js';
import { poolFacts } from '../primitives/threads/pool-records.js';
import type { Measurements } from './metrics-collector.js';

/** What shared memory has measured of primitives and pools. */
export function measurements(): Measurements {
  const primitives = contendedPrimitives();
  const pools = poolFacts();
  return {
    waits: new Map(primitives.map(({ id, wait }) => [id, wait])),
    held: new Map(primitives.flatMap(({ id, held }) => (held === null ? [] : [[id, held]]))),
    runs: new Map(pools.map(({ id, run }) => [id, run])),
    jobWaits: new Map(pools.map(({ id, wait }) => [id, wait])),
  };
}
