import { workerData } from 'node:worker_threads';
import { fromHandle } from 'rxjs-threading';
import { FIRST_OWN } from '../crew.js';
import { FutexLock } from '../futex.js';
import { joinCrew } from '../join-crew.js';

const { cells, money, updates, number } = workerData;
const amount = number % 2 === 0 ? 100 : -50;
const lock = fromHandle(workerData.lock);
const futex = new FutexLock(cells, FIRST_OWN);

joinCrew([
  () => {
    for (let i = 0; i < updates; i++) {
      lock.acquireSync();
      money[0] += amount;
      lock.release();
    }
  },
  () => {
    for (let i = 0; i < updates; i++) {
      futex.acquire();
      money[0] += amount;
      futex.release();
    }
  },
]);
