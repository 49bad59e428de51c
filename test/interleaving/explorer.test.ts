import { expect, test } from 'vitest';
import type { Barrier } from '../../src/primitives/barrier.js';
import type { Event } from '../../src/primitives/event.js';
import { explore } from '../support/explorer/explore.js';
import type { Asked } from '../support/explorer/explores.js';
import { blocking, type Face, observable } from '../support/explorer/faces.js';
import type { Me, Program } from '../support/explorer/scenario.js';
import { readSources } from '../support/explorer/sources.js';
import { type Guarded, impatient, user } from '../support/explorer/users.js';

/** Every end that a scenario comes to: what was noted, and who hangs. */
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
      ends.add(JSON.stringify([notes, stuck]));
      return undefined;
    },
  });
  expect(violation).toBeNull();
  return { ends: [...ends].sort(), states };
}

/** Positions that count as the same lead to the same ends as when each history is followed by itself. */
function mergesNothingDifferent<S>(title: string, scenario: Asked<S>): void {
  test(`positions that count as one lead to the same ends: ${title}`, async () => {
    const merged = await endsOf(scenario, {});
    const apart = await endsOf(scenario, { apart: true });
    expect(merged.ends).toEqual(apart.ends);
    expect(merged.ends.length).toBeGreaterThan(0);
    expect(merged.states).toBeLessThan(apart.states);
  });
}

function lock(threads: Program<Guarded>[], victim?: number): Asked<Guarded> {
  const noting = threads.map(
    (program): Program<Guarded> =>
      (shared, me, primitives) => {
        const enter = (region: string): void => {
          me.note('in');
          me.enter(region);
        };
        program(shared, { ...me, enter }, primitives);
      },
  );
  const killed = victim === undefined ? {} : { victim };
  return {
    shared: ({ Lock }) => ({ guard: new Lock() }),
    threads: noting,
    regions: { inside: 1 },
    ...killed,
  };
}

function event(faces: Face[]): Asked<{ event: Event }> {
  const waiter = (face: Face): Program<{ event: Event }> => {
    return (shared, me) => face.wait(me, shared.event, settling(me), { timeout: 30 });
  };
  return {
    shared: ({ Event }) => ({ event: new Event() }),
    threads: [...faces.map(waiter), (shared) => shared.event.set()],
  };
}

function barrier(faces: Face[]): Asked<{ barrier: Barrier }> {
  return {
    shared: ({ Barrier }) => {
      const one = new Barrier(2);
      one.slots.sweep(() => {});
      return { barrier: one };
    },
    threads: faces.map(
      (face) => (shared, me) => face.wait(me, shared.barrier, settling(me), { timeout: 30 }),
    ),
  };
}

const settling = (me: Me) => ({
  resolve: (value: unknown) => me.note(`${value}`),
  reject: (error: unknown) => me.note((error as Error).name),
});

mergesNothingDifferent('a Lock, blocking', lock([impatient(blocking), user(blocking)]));
mergesNothingDifferent('a Lock, one killed', lock([user(blocking), user(blocking)], 0));
mergesNothingDifferent('a Lock, Observable', lock([impatient(observable), user(observable)]));
mergesNothingDifferent('an Event', event([blocking, observable]));
mergesNothingDifferent('a Barrier', barrier([blocking, observable]));
