import { expect, test } from 'vitest';
import { waiter as eventWaiter, set, type Shared as WithEvent } from '../support/explorer/event-waiters.js';
import { explore } from '../support/explorer/explore.js';
import type { Asked } from '../support/explorer/explores.js';
import { blocking, type Face, observable } from '../support/explorer/faces.js';
import { action, meet, party, resets } from '../support/explorer/parties.js';
import { tryAtRandom } from '../support/explorer/random.js';
import type { Program } from '../support/explorer/scenario.js';
import { readSources } from '../support/explorer/sources.js';
import { type Guarded, impatient, leaver, user } from '../support/explorer/users.js';
import { notifier, waiter, leaver as waitLeaver, waits } from '../support/explorer/waiters.js';

/** Every end that a scenario comes to: what was noted, by whomever, and how many hang. */
async function endsOf<S>(
  scenario: Asked<S>,
  more: Partial<Asked<S>>,
): Promise<{ ends: string[]; states: number }> {
  const ends = new Set<string>();
  const { states, violation } = explore({
    ...scenario,
    ...more,
    sources: await readSources(),
    mayStick: true,
    atEnd: ({ notes, stuck }) => {
      const threads = notes.map((of, thread) => `${of.join()}${stuck.includes(thread) ? ' hangs' : ''}`);
      ends.add(JSON.stringify(threads.sort()));
      return undefined;
    },
  });
  expect(violation).toBeNull();
  return { ends: [...ends].sort(), states };
}

/** What counts as the same leads to the same ends as when each history is followed by itself. */
function mergesNothingDifferent<S>(title: string, scenario: Asked<S>): void {
  test(`what counts as the same leads to the same ends: ${title}`, async () => {
    const merged = await endsOf(scenario, {});
    const apart = await endsOf(scenario, { apart: true });
    expect(merged.ends).toEqual(apart.ends);
    expect(merged.ends.length).toBeGreaterThan(0);
    expect(merged.states).toBeLessThan(apart.states);
  });
}

const noting = new Map<Program<Guarded>, Program<Guarded>>();

/** Notes when it is in; the same program for the same. */
function notes(program: Program<Guarded>): Program<Guarded> {
  const before = noting.get(program);
  if (before !== undefined) return before;
  const made: Program<Guarded> = (shared, me, primitives) => {
    const enter = (region: string): void => {
      me.note('in');
      me.enter(region);
    };
    program(shared, { ...me, enter }, primitives);
  };
  noting.set(program, made);
  return made;
}

function contend(
  kind: 'Lock' | 'RLock' | 'Semaphore',
  threads: Program<Guarded>[],
  more: Partial<Asked<Guarded>> = {},
): Asked<Guarded> {
  return {
    shared: (primitives) => ({ guard: new primitives[kind]() }),
    threads: threads.map(notes),
    regions: { inside: 1 },
    ...more,
  };
}

function event(faces: Face[]): Asked<WithEvent> {
  return {
    shared: ({ Event }) => ({ event: new Event() }),
    threads: [...faces.map((face) => eventWaiter(face, 30)), set],
  };
}

const b = blocking;
const o = observable;
mergesNothingDifferent('a Lock, blocking', contend('Lock', [impatient(b), user(b)]));
mergesNothingDifferent('a Lock, one killed', contend('Lock', [user(b), user(b)], { victim: 0 }));
mergesNothingDifferent('a Lock, Observable', contend('Lock', [impatient(o), user(o)]));
mergesNothingDifferent('a Lock, equal threads', contend('Lock', [user(b), user(b)]));
mergesNothingDifferent(
  'a Lock, three equal threads',
  contend('Lock', [user(b), user(b), user(b)], { preemptions: 1 }),
);
mergesNothingDifferent('an RLock, equal threads', contend('RLock', [user(o), user(o)]));
mergesNothingDifferent('a Semaphore, one unsubscribes', contend('Semaphore', [leaver(), user(b)]));
mergesNothingDifferent('an Event', event([b, o]));
mergesNothingDifferent('an Event, equal threads', event([b, b]));
mergesNothingDifferent('a Barrier', meet(2, [party(b, 30), party(o, 30)], { preemptions: 2 }));
mergesNothingDifferent('a Barrier with an action', meet(2, [party(b), party(b)], { action, preemptions: 2 }));
mergesNothingDifferent('a Barrier that is reset', meet(2, [party(o), party(o), resets], { preemptions: 1 }));
mergesNothingDifferent('a Condition', waits([waiter(o), notifier(b, 1)], { preemptions: 2 }));
mergesNothingDifferent(
  'a Condition, one unsubscribes',
  waits([waitLeaver, notifier(o, 1)], { preemptions: 1 }),
);

test('a schedule at random that goes wrong does so again with its seed', async () => {
  const deaf = { file: 'primitive.ts', text: '(flags & SLEEPERS) !== 0', instead: 'false' };
  const scenario = { ...contend('Lock', [user(b), user(b), user(o)]), sources: await readSources(deaf) };
  const { violation, schedules } = tryAtRandom(scenario, '3:1', 3000);
  expect(violation).toMatch(/stuck for ever, with seed 3:\d+\n/);
  expect(schedules).toBeGreaterThan(0);
  const seed = /with seed (\S+)/.exec(violation ?? '')?.[1] ?? '';
  expect(tryAtRandom(scenario, seed, 1).violation).toBe(violation);
});
