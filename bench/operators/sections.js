import { concatMap, of, range } from 'rxjs';
import { Lock, RLock, Semaphore, withLock } from 'rxjs-threading';
import { checkEqual, interleave, row, scaled, timedSync } from '../harness.js';

const VALUES = scaled(1_000_000);

function summed(operator) {
  let sum = 0;
  const took = timedSync(() => {
    range(0, VALUES)
      .pipe(operator)
      .subscribe((value) => {
        sum += value;
      });
  });
  checkEqual('sum', sum, (VALUES * (VALUES - 1)) / 2);
  return took;
}

const project = (value) => of(value);
const lock = new Lock();
const semaphore = new Semaphore(2);
const contenders = {
  lock: () => summed(withLock(lock, project)),
  limited: () => summed(withLock(lock, project, { timeout: 1000 })),
  semaphore: () => summed(withLock(semaphore, project)),
  concatMap: () => summed(concatMap(project)),
};
const ours = await interleave(contenders);
row('withLock, a million values, synchronous inner', ours.lock, 'concatMap', ours.concatMap, 3);
row('the same with a timeout', ours.limited, 'concatMap', ours.concatMap);
row('the same over a Semaphore of 2', ours.semaphore, 'concatMap', ours.concatMap);
checkEqual('locked at the end', lock.locked(), false);
checkEqual('permits at the end', semaphore.value, 2);

// Last, and against its own concatMap: from the first of these on, promises and RxJS's callbacks have a context.
const rlock = new RLock();
const owned = await interleave({
  rlock: () => summed(withLock(rlock, project)),
  concatMap: () => summed(concatMap(project)),
});
row('the same over an RLock', owned.rlock, 'concatMap', owned.concatMap);
checkEqual('depth at the end', rlock.count, 0);
