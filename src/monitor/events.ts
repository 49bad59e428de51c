import { readEvents, type ThreadEvent } from '../primitives/threads/events.js';
import { epoch } from './epoch.js';
import type { MonitorEvent } from './protocol.js';

/** What `eventsSince` has found. */
export interface EventsSince {
  readonly events: readonly MonitorEvent[];
  /** Where to go on. */
  readonly cursor: number;
  /** Events that were overwritten before they were read. */
  readonly lost: number;
}

/** Events that were lost to the readers of this thread. */
let lostSoFar = 0;

export function eventsLost(): number {
  return lostSoFar;
}

/**
 * What has happened to threads since the cursor of the call before, as far as somebody has looked meanwhile. In any thread.
 *
 * @param cursor - undefined: as far back as there are events, 65,536 at most
 */
export function eventsSince(cursor?: number): EventsSince {
  const { events, lost, cursor: next } = readEvents(cursor);
  lostSoFar += lost;
  return { events: events.map(monitorEvent), cursor: next, lost };
}

function monitorEvent({ time, ident, event, primitive, by, face }: ThreadEvent): MonitorEvent {
  return { time: epoch(time), ident, event, primitive, by, face };
}
