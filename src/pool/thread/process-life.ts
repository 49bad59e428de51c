import { isMainThread } from 'node:worker_threads';
import { aliveIdents } from '../../primitives/threads/liveness.js';
import { DAEMON, MAIN_IDENT } from '../../primitives/threads/table.js';
import { flagsOf } from '../../primitives/threads/thread-slots.js';
import { keepAlive, recheckPeriodically } from '../../primitives/waiting/event-loop.js';

/**
 * Main's event loop keeps the process alive for the threads that main started. Those that other threads started are
 * looked for when nothing else is left to do.
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
