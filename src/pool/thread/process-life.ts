import { isMainThread } from 'node:worker_threads';
import { aliveIdents } from '../../primitives/threads/liveness.js';
import { DAEMON, MAIN_IDENT } from '../../primitives/threads/table.js';
import { flagsOf } from '../../primitives/threads/thread-slots.js';
import { keepAlive, recheckPeriodically } from '../../primitives/waiting/event-loop.js';

/*
 * The ports of threads that main started keep main's event loop alive. A thread that another thread started has no port
 * here, so when main has nothing left to do it looks in the table for those, and stays while there is one.
 */

function someoneRuns(): boolean {
  return aliveIdents().some((ident) => ident !== MAIN_IDENT && (flagsOf(ident) & DAEMON) === 0);
}

function stayForOthers(): void {
  if (!someoneRuns()) return;
  keepAlive(1);
  recheckPeriodically({
    recheck: () => {
      const stays = someoneRuns();
      if (!stays) keepAlive(-1);
      return stays;
    },
  });
}

if (isMainThread) process.on('beforeExit', stayForOthers);
