import { expect, it, vi } from 'vitest';
import { SLOTTED_WORDS } from '../../src/primitives/memory/layout.js';
import { allocate, store } from '../../src/primitives/memory/word.js';
import { DONE, Slots } from '../../src/primitives/waiting/waiter-list.js';

const uptime = vi.hoisted(() => ({ ms: 1000 }));
vi.mock('../../src/primitives/threads/table.js', async (original) => ({
  ...(await original<object>()),
  clock: () => uptime.ms,
}));

const DAY = 24 * 3600 * 1000;
/** Of a thread that there never was. */
const NOBODY = 77 * 4096 + 4000;

it.each([0.01, 24, 25, 30, 49, 50, 60, 100])(
  'frees the slots of the dead, %d days after the last time',
  (days) => {
    const slots = Slots.fresh(allocate(SLOTTED_WORDS));
    for (const start of [1000, 20 * DAY, 24.8 * DAY, 49.7 * DAY]) {
      uptime.ms = start;
      slots.sweep(() => {});
      const slot = slots.inside(() => slots.append());
      store(slots.table, slots.stateIndex(slot) + 1, NOBODY);
      store(slots.table, slots.stateIndex(slot), DONE);
      const lost: number[] = [];
      const drop = (dead: number, state: number): void => {
        lost.push(state);
        slots.free(dead);
      };
      expect(slots.sweep(drop)).toBe(false);
      uptime.ms = start + days * DAY;
      expect(slots.sweep(drop)).toBe(true);
      expect(lost).toEqual([DONE]);
    }
  },
);

it('has a slot for each waiter, however many there are, of several primitives in turns', () => {
  const lists = [0, 1, 2].map(() => Slots.fresh(allocate(SLOTTED_WORDS)));
  const rounds = 1000;
  const taken = lists.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [which, slots] of lists.entries())
      taken[which]?.push(slots.stateIndex(slots.inside(() => slots.append())));
  }
  expect(new Set(taken.flat()).size).toBe(3 * rounds);
  for (const [which, slots] of lists.entries()) {
    // Another thread's view of them.
    let next = 0;
    for (let slot = slots.first(); slot !== 0; slot = slots.next(slot))
      expect(slots.stateIndex(slot)).toBe(taken[which]?.[next++]);
    expect([next, slots.count]).toEqual([rounds, rounds]);
  }
});

it('is at its end with a million waiters', () => {
  const slots = Slots.fresh(allocate(SLOTTED_WORDS));
  slots.inside(() => {
    for (let slot = 1; slot <= 1 << 20; slot++) slots.append();
    expect(() => slots.append()).toThrow('no more than 1048576 can wait at once');
  });
  expect(slots.count).toBe(1 << 20);
});
