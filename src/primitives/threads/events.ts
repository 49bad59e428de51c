import { add, load } from '../memory/word.js';
import { type ReadEvent, type Ring, readAt, writeAt } from './event-ring.js';
import { MOST_EVENTS, RING, reserve, reserved } from './reserve.js';
import { clock, RING_HEAD, table } from './table.js';
import { EVENTS, watches } from './trace-flag.js';

const NAMES = [
  'start',
  'end',
  'killed',
  'wait',
  'woken',
  'timeout',
  'left',
  'release',
  'notify',
  'set',
  'finding',
] as const;
const FACES = [null, 'blocking', 'observable'] as const;
/** Bits of the event's name; the face is above them. */
const NAME_BITS = 8;

/** What has happened to a thread, as far as somebody looked. */
export interface ThreadEvent {
  /** ms on the clock of all threads. */
  readonly time: number;
  /** The thread. */
  readonly ident: number;
  /** A thread starts, ends or is killed; a wait begins, and is woken, times out, or is left; a release that wakes somebody. */
  readonly event: (typeof NAMES)[number];
  /** `id` of the primitive; negative: of a thread that is joined its ident; null: it is about none. */
  readonly primitive: number | null;
  /** Of 'wait' who has the primitive, of 'woken' who has let go of it, as far as that is known: `ident`. */
  readonly by: number | null;
  /** Of a wait and its end. */
  readonly face: (typeof FACES)[number];
}

/** Nothing while nobody looks: one plain load. */
export function writeEvent(
  event: ThreadEvent['event'],
  ident: number,
  primitive = 0,
  by = 0,
  face: ThreadEvent['face'] = null,
): void {
  if (!watches(EVENTS)) return;
  const what = (FACES.indexOf(face) << NAME_BITS) | NAMES.indexOf(event);
  const cells = reserve();
  writeAt({ cells, from: RING, places: MOST_EVENTS }, add(table, RING_HEAD, 1), [ident, what, primitive, by]);
}

/** Where the next event will be: differs once one has come. */
export function eventsEnd(): number {
  return load(table, RING_HEAD) >>> 0;
}

/** What `readEvents` has found. */
export interface EventsRead {
  readonly events: readonly ThreadEvent[];
  /** Where to go on. */
  readonly cursor: number;
  /** Events that were overwritten or dropped before they were read. */
  readonly lost: number;
}

/**
 * The events since `cursor`, as far as they are there.
 *
 * @param cursor - of the reading before; undefined: as far back as there are any
 */
export function readEvents(cursor?: number): EventsRead {
  const head = eventsEnd();
  const cells = reserved();
  if (cells === null) return { events: [], cursor: head, lost: 0 };
  const ring: Ring = { cells, from: RING, places: MOST_EVENTS };
  const since = cursor === undefined ? Math.min(head, MOST_EVENTS) : (head - cursor) >>> 0;
  const behind = Math.min(since, MOST_EVENTS);
  const events: ThreadEvent[] = [];
  let lost = since - behind;
  for (let left = behind; left > 0; left--) {
    const read = readAt(ring, head - left);
    if (read === undefined && !isGivenUp(ring, head, left))
      return { events, cursor: (head - left) >>> 0, lost };
    if (read) events.push(eventOf(read));
    else lost++;
  }
  return { events, cursor: head, lost };
}

/** ms after which an event that is being written is given up: its writer may have been killed with it. */
const WRITTEN_AFTER = 1000;

/** Whether an event that is not there yet never will be, as one of those after it was there so long ago. */
function isGivenUp(ring: Ring, head: number, left: number): boolean {
  for (let after = left - 1; after > 0; after--) {
    const read = readAt(ring, head - after);
    if (read) return clock() - read.time > WRITTEN_AFTER;
  }
  return false;
}

function eventOf({ time, fields: [ident, what, primitive, by] }: ReadEvent): ThreadEvent {
  return {
    time,
    ident,
    event: NAMES[what & (2 ** NAME_BITS - 1)] as ThreadEvent['event'],
    primitive: primitive || null,
    by: by || null,
    face: FACES[what >> NAME_BITS] ?? null,
  };
}
