import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Semaphore, toHandle } from 'rxjs-threading';
import { interleave, median, row, scaled } from '../harness.js';
import { BY_MAIN, BY_WORKER, clock, lull } from '../ping-pong.js';

const ROUNDS = scaled(1000);
const toWorker = new Semaphore(0);
const toMain = new Semaphore(0);
const turns = new Int32Array(new SharedArrayBuffer(8));
const times = new Float64Array(new SharedArrayBuffer(16));
/** How long each wake-up of the worker took, in ms. */
const took = new Float64Array(new SharedArrayBuffer(8 * ROUNDS));

const worker = new Worker(new URL('wake.worker.js', import.meta.url), {
  workerData: { toWorker: toHandle(toWorker), toMain: toHandle(toMain), turns, times, took },
});

const games = {
  async semaphores(tookMain) {
    for (let round = 0; round < ROUNDS; round++) {
      lull();
      times[BY_MAIN] = clock();
      toWorker.release();
      await toMain.acquire();
      tookMain[round] = clock() - times[BY_WORKER];
    }
  },
  async words(tookMain) {
    for (let round = 0; round < ROUNDS; round++) {
      lull();
      times[BY_MAIN] = clock();
      Atomics.add(turns, BY_MAIN, 1);
      Atomics.notify(turns, BY_MAIN);
      const wait = Atomics.waitAsync(turns, BY_WORKER, round);
      if (wait.async) await wait.value;
      tookMain[round] = clock() - times[BY_WORKER];
    }
  },
};

/** The median wake-up in each direction. */
async function play(game) {
  const over = once(worker, 'message');
  const tookMain = new Float64Array(ROUNDS);
  turns.fill(0);
  worker.postMessage({ game, rounds: ROUNDS });
  await games[game](tookMain);
  await over;
  return { worker: median(took), main: median(tookMain) };
}

const ours = [];
const bare = [];
await interleave({
  ours: async () => ours.push(await play('semaphores')),
  bare: async () => bare.push(await play('words')),
});
await worker.terminate();

const of = (games, whose) => median(games.map((game) => game[whose]));
row('wake-up of a parked worker', of(ours, 'worker'), 'bare wait and notify', of(bare, 'worker'), 1.3);
row('wake-up of a waiter on main', of(ours, 'main'), 'bare waitAsync and notify', of(bare, 'main'), 1.3);
