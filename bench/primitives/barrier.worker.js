import { workerData } from 'node:worker_threads';
import { fromHandle } from 'rxjs-threading';
import { FIRST_OWN } from '../crew.js';
import { FutexBarrier } from '../futex.js';
import { joinCrew } from '../join-crew.js';

const { cells, passes, size } = workerData;
const barrier = fromHandle(workerData.barrier);
const futex = new FutexBarrier(cells, FIRST_OWN, size);

joinCrew([
  () => {
    for (let i = 0; i < passes; i++) barrier.waitSync();
  },
  () => {
    for (let i = 0; i < passes; i++) futex.wait();
  },
]);
