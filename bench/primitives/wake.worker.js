import { parentPort, workerData } from 'node:worker_threads';
import { fromHandle } from 'rxjs-threading';
import { BY_MAIN, BY_WORKER, clock, lull } from '../ping-pong.js';

const { turns, times, took } = workerData;
const toWorker = fromHandle(workerData.toWorker);
const toMain = fromHandle(workerData.toMain);

const games = {
  semaphores(rounds) {
    for (let round = 0; round < rounds; round++) {
      toWorker.acquireSync();
      took[round] = clock() - times[BY_MAIN];
      lull();
      times[BY_WORKER] = clock();
      toMain.release();
    }
  },
  words(rounds) {
    for (let round = 0; round < rounds; round++) {
      while (Atomics.load(turns, BY_MAIN) === round) Atomics.wait(turns, BY_MAIN, round);
      took[round] = clock() - times[BY_MAIN];
      lull();
      times[BY_WORKER] = clock();
      Atomics.add(turns, BY_WORKER, 1);
      Atomics.notify(turns, BY_WORKER);
    }
  },
};

parentPort.on('message', ({ game, rounds }) => {
  games[game](rounds);
  parentPort.postMessage('over');
});
