import type { Event } from '../../../src/primitives/event.js';
import { VALUE } from '../../../src/primitives/memory/layout.js';
import type { Asked } from './explores.js';
import { type Face, once, subscribe } from './faces.js';
import type { End, Program } from './scenario.js';

export interface Shared {
  readonly event: Event;
}

/** Waits once. */
export const waiter = once((face: Face, timeout?: number): Program<Shared> => {
  return ({ event }, me) =>
    face.wait(
      me,
      event,
      { resolve: (set) => me.note(`${set}`), reject: (error) => me.fail(`${error}`) },
      timeout === undefined ? {} : { timeout },
    );
});

/** Waits twice at a time; the first wait may be unsubscribed at any time. */
export const leaver: Program<Shared> = ({ event }, me) => {
  const settle = { resolve: () => me.note('true'), reject: (error: unknown) => me.fail(`${error}`) };
  me.whenever('unsubscribes', subscribe(me, event.wait(), settle));
  subscribe(me, event.wait(), settle);
};

export const set: Program<Shared> = ({ event }) => event.set();

export const setAndClear: Program<Shared> = ({ event }) => {
  event.set();
  event.clear();
};

/** Only those may still wait who began when the value was what it is at the end. */
export function freed({ stuck, first, word }: End, { event }: Shared): string | undefined {
  const value = word(event.cells, 0) & VALUE;
  const forgotten = stuck.find((thread) => (first(thread) & VALUE) !== value || (value & 1) === 1);
  return forgotten === undefined ? undefined : `T${forgotten + 1} waits, and began before the change`;
}

export function waits(threads: Program<Shared>[], more: Partial<Asked<Shared>> = {}): Asked<Shared> {
  return { shared: ({ Event }) => ({ event: new Event() }), threads, mayStick: true, atEnd: freed, ...more };
}
