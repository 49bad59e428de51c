import { load, park } from '../../primitives/memory/word.js';
import { throwIfCancelled } from '../../primitives/threads/cancel-flag.js';
import { isAlive } from '../../primitives/threads/liveness.js';
import { STATE, slotOf, table } from '../../primitives/threads/table.js';
import { stateOf } from '../../primitives/threads/thread-slots.js';
import { block, unblock } from '../../primitives/threads/wait-graph.js';
import { now, RECHECK_MS } from '../../primitives/waiting/event-loop.js';
import { joined } from './join.js';

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
      if (stateOf(ident) === state) park(table, cell, state, Math.min(left, RECHECK_MS));
    }
  } finally {
    unblock();
  }
}
