import { expect, test } from 'vitest';
import { tried } from '../long/tried.js';
import * as events from './event-waiters.js';
import { type Asked, explored } from './explores.js';
import { blocking, observable } from './faces.js';
import * as parties from './parties.js';
import type { End, Program } from './scenario.js';
import { freeAtEnd, type Guarded, impatient, leaver, notFree, user } from './users.js';
import * as waiters from './waiters.js';

/** What threads may do with one primitive, and what is wrong at the end of whatever mix of it. */
export interface Family<S> {
  readonly name: string;
  readonly programs: Readonly<Record<string, Program<S>>>;
  /** A scenario of some of them, by name. */
  scenario(threads: readonly string[]): Omit<Asked<S>, 'threads'>;
}

export interface Bounds {
  readonly threads: number;
  readonly preemptions?: number;
  /** Whether one may die: each in turn. */
  readonly kills?: true;
  /** Only each so many-th of all mixes. */
  readonly stride?: number;
}

/** Every mix of a family's programs, with a title each. */
export function scenariosOf<S>(family: Family<S>, bounds: Bounds): [title: string, Asked<S>][] {
  const { threads, kills, stride = 1, preemptions } = bounds;
  const mixes = mixesOf(Object.keys(family.programs), threads).filter((_, index) => index % stride === 0);
  return mixes.flatMap((mix) =>
    (kills === undefined ? [undefined] : victimsOf(mix)).map((victim): [string, Asked<S>] => {
      const dies = victim === undefined ? '' : `, T${victim + 1} may die`;
      const scenario = {
        ...family.scenario(mix),
        threads: mix.map((name) => family.programs[name] as Program<S>),
        ...(preemptions !== undefined && { preemptions }),
        ...(victim !== undefined && { victim }),
      };
      return [`${family.name}: ${mix.join(', ')}${dies}`, scenario];
    }),
  );
}

/** A test for each of them that nothing goes wrong. */
export function exploresAll<S>(family: Family<S>, bounds: Bounds): void {
  for (const [title, scenario] of scenariosOf(family, bounds)) {
    test(title, async (context) => {
      const { violation, states } = await explored(scenario);
      tried(context, 'states', states);
      expect(violation).toBeNull();
      expect(states).toBeGreaterThan(bounds.threads);
    });
  }
}

/** Every choice of so many, with repetition, whatever the order. */
function mixesOf(names: readonly string[], count: number): string[][] {
  if (count === 0) return [[]];
  return names.flatMap((name, index) =>
    mixesOf(names.slice(index), count - 1).map((others) => [name, ...others]),
  );
}

/** One of each program. */
function victimsOf(mix: readonly string[]): number[] {
  return [...mix.keys()].filter((index) => mix.indexOf(mix[index] as string) === index);
}

const acquiring: Record<string, Program<Guarded>> = {
  blocks: user(blocking),
  'blocks twice': user(blocking, 2),
  subscribes: user(observable),
  'subscribes twice': user(observable, 2),
  'blocks for a while': impatient(blocking),
  'subscribes for a while': impatient(observable),
  'may unsubscribe': leaver(),
};

export const lock: Family<Guarded> = {
  name: 'Lock',
  programs: acquiring,
  scenario: () => ({
    shared: ({ Lock }) => ({ guard: new Lock() }),
    regions: { inside: 1 },
    atEnd: notFree,
  }),
};

export const rlock: Family<Guarded> = {
  ...lock,
  name: 'RLock',
  // Two waits of one thread are in at once.
  programs: Object.fromEntries(Object.entries(acquiring).filter(([name]) => name !== 'may unsubscribe')),
  scenario: () => ({
    shared: ({ RLock }) => ({ guard: new RLock() }),
    regions: { inside: 1 },
    atEnd: notFree,
  }),
};

export function semaphore(permits: number): Family<Guarded> {
  return {
    name: `Semaphore(${permits})`,
    programs: acquiring,
    scenario: () => ({
      shared: ({ BoundedSemaphore }) => ({ guard: new BoundedSemaphore(permits) }),
      regions: { inside: permits },
      // What a dead one had taken is gone, and others may wait for it.
      mayStick: true,
      atEnd: freeAtEnd(permits),
    }),
  };
}

export const event: Family<events.Shared> = {
  name: 'Event',
  programs: {
    blocks: events.waiter(blocking),
    subscribes: events.waiter(observable),
    'blocks for a while': events.waiter(blocking, 30),
    'subscribes for a while': events.waiter(observable, 30),
    'may unsubscribe': events.leaver,
    sets: events.set,
    'sets and clears': events.setAndClear,
  },
  scenario: (mix) => {
    // Of two waits of a thread the second may have begun after the change.
    const isCounted = !mix.includes('may unsubscribe') || !mix.includes('sets and clears');
    const { threads: _, ...rest } = events.waits([], isCounted ? {} : { atEnd: () => undefined });
    return rest;
  },
};

const numbers = { 'notifies one': 1, 'notifies two': 2 } as const;

/** No more are told than were to be, and all that came first and neither left nor timed out. */
function toldEnough(mix: readonly string[]): (end: End, shared: waiters.Shared) => string | undefined {
  const most = mix.reduce((sum, name) => sum + (numbers[name as keyof typeof numbers] ?? 0), 0);
  const isSteady = (name: string): boolean => name === 'blocks' || name === 'subscribes';
  return (end, shared) => {
    const told = end.notes.filter((notes) => notes.includes('notified')).length;
    if (told > most) return `${told} notified, of ${most}; notes: ${end.notes.join('; ')}`;
    const saw = Math.max(0, ...end.notes.map((notes) => waiters.numberIn(notes, 'saw ') || 0));
    const steady = mix.every((name) => isSteady(name) || name in numbers);
    if (end.killed === -1 && steady && told < Math.min(most, saw) && most < 3)
      return `${told} notified, ${saw} waited; notes: ${end.notes.join('; ')}`;
    return waiters.slotsAgree(end, shared);
  };
}

export const condition: Family<waiters.Shared> = {
  name: 'Condition',
  programs: {
    blocks: waiters.waiter(blocking),
    subscribes: waiters.waiter(observable),
    'blocks for a while': waiters.waiter(blocking, 30),
    'subscribes for a while': waiters.waiter(observable, 30),
    'may unsubscribe': waiters.leaver,
    'notifies one': waiters.notifier(blocking, 1),
    'notifies two': waiters.notifier(observable, 2),
  },
  scenario: (mix) => {
    const { threads: _, ...rest } = waiters.waits([], { atEnd: toldEnough(mix) });
    return rest;
  },
};

export function barrier(action?: typeof parties.action): Family<parties.Shared> {
  return {
    name: action === undefined ? 'Barrier' : 'Barrier with an action',
    programs: {
      blocks: parties.party(blocking),
      subscribes: parties.party(observable),
      'blocks for a while': parties.party(blocking, 30),
      'subscribes for a while': parties.party(observable, 30),
      'may unsubscribe': parties.leaver,
      resets: parties.resets,
      aborts: parties.aborts,
    },
    scenario: (mix) => {
      const leavers = mix.filter((name) => name === 'may unsubscribe').length;
      const { threads: _, ...rest } = parties.meet(2, [], {
        atEnd: parties.allOrNone(2, leavers),
        ...(action !== undefined && { action }),
      });
      return rest;
    },
  };
}

export const families = [
  lock,
  rlock,
  semaphore(1),
  semaphore(2),
  event,
  condition,
  barrier(),
  barrier(parties.action),
] as const;
