import { expect, it, vi } from 'vitest';
import { SLOTTED_WORDS } from '../../src/primitives/memory/layout.js';
import { allocate, store } from '../../src/primitives/memory/word.js';
import { allocateSlots, DONE, Slots } from '../../src/primitives/waiting/waiter-list.js';

const DAY = 24 * 3600;
/** Of a thread that there never was. */
const NOBODY = 77 * 4096 + 4000;

it.each([0.01, 24, 25, 30, 49, 50, 60, 100])(
  'frees the slots of the dead, %d days after the last time',
  (days) => {
    const slots = new Slots(allocate(SLOTTED_WORDS), allocateSlots());
    const uptime = vi.spyOn(process, 'hrtime');
    const at = (seconds: number): void => void uptime.mockReturnValue([seconds, 0]);
    try {
      for (const start of [1, 20 * DAY, 24.8 * DAY, 49.7 * DAY]) {
        at(start);
        slots.sweep(() => {});
        const slot = slots.inside(() => slots.append());
        store(slots.table, slots.stateIndex(slot) + 1, NOBODY);
        store(slots.table, slots.stateIndex(slot), DONE);
        const lost: number[] = [];
        expect(slots.sweep((outcome) => lost.push(outcome))).toBe(false);
        at(start + days * DAY);
        expect(slots.sweep((outcome) => lost.push(outcome))).toBe(true);
        expect(lost).toEqual([DONE]);
      }
    } finally {
      uptime.mockRestore();
    }
  },
);
