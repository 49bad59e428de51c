import { clock } from '../primitives/threads/table.js';
import { epoch } from './epoch.js';
import { poolInfos } from './inspect-pools.js';
import { primitiveInfos } from './inspect-primitives.js';
import { processInfo } from './inspect-process.js';
import { threadInfos } from './inspect-threads.js';
import { seenWaits } from './inspect-waits.js';
import type { Inspection, InspectOptions } from './types.js';

/**
 * Everything at one moment: threads, primitives that are waited for, pools, waits, and what is wrong. Starts nothing and
 * leaves nothing running. Python has no such thing.
 *
 * @example
 * const { threads } = inspect();
 * console.log(threads.map(({ name }) => name).join()); // prints MainThread
 */
export function inspect(_options: InspectOptions = {}): Inspection {
  const waits = seenWaits().map(({ wait }) => wait);
  const primitives = primitiveInfos(waits);
  const pools = poolInfos();
  return {
    version: 1,
    time: epoch(clock()),
    process: processInfo(),
    threads: threadInfos({ waits, primitives, pools }),
    primitives,
    pools,
    waits,
    findings: [],
    limits: { countedSince: null, primitivesLeftOut: 0, eventsLost: 0 },
  };
}
