import { EVENTS, watches } from './threads/trace-flag.js';
import { soon } from './waiting/event-loop.js';

/*
 * Tells of primitives that are made or received while somebody looks, so that a monitor gets hold of their words: what
 * was waited for is in the table of contention.ts anyway, all else only its words tell of.
 */
let tell: ((primitive: object) => void) | undefined;
let told: object[] = [];

/** Sets who passes them on; called as what can send a primitive loads. */
export function setAnnouncer(announcer: (primitive: object) => void): void {
  tell = announcer;
}

/** Called by the constructor: a plain load while nobody looks. */
export function announce(primitive: object): void {
  if (!watches(EVENTS) || tell === undefined) return;
  // Later, when all of its constructors have run.
  if (told.length === 0) soon(tellAll);
  told.push(primitive);
}

function tellAll(): void {
  const all = told;
  told = [];
  for (const primitive of all) tell?.(primitive);
}
