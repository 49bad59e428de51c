import type { Surroundings } from './deadlock-look.js';
import { seenWaits } from './inspect-waits.js';

/** What shared memory and the answers of event loops tell of waits, for a look at them. */
export function surroundings(): Surroundings {
  return { seen: seenWaits(), sections: [], uses: new Map() };
}
