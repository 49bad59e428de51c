import { throwIfCancelled } from '../primitives/cancel.js';
import { LOOK_AGAIN, now } from '../primitives/loop.js';
import { isAlive, STATE, slotOf, stateOf, table } from '../primitives/thread-table.js';
import { block, unblock } from '../primitives/waits.js';
import { load, park } from '../primitives/word.js';
import { joined } from './end-watch.js';

/** Blocks until the thread has ended; false after `timeout` ms. It looks again now and then: a killed one wakes nobody. */
export function joinBlocking(ident: number, timeout: number): boolean {
  const deadline = now() + timeout;
  const cell = slotOf(ident) + STATE;
  block(joined(ident));
  try {
    for (;;) {
      const state = load(table, cell);
      if (!isAlive(ident)) return true;
      const left = deadline - now();
      if (left <= 0) return false;
      throwIfCancelled();
      if (stateOf(ident) === state) park(table, cell, state, Math.min(left, LOOK_AGAIN));
    }
  } finally {
    unblock();
  }
}
