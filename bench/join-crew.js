import { parentPort, workerData } from 'node:worker_threads';
import { BEGUN, JOB } from './crew.js';
import { clock } from './ping-pong.js';

const { cells, times, number, size } = workerData;

/** In a worker of a crew: does the jobs, by their numbers from 1, whenever all of the crew are there. */
export function joinCrew(jobs) {
  parentPort.postMessage('ready');
  for (;;) {
    Atomics.wait(cells, JOB, 0);
    const job = Atomics.load(cells, JOB);
    // All are awake before any begins.
    if (Atomics.add(cells, BEGUN, 1) === size - 1) {
      Atomics.store(cells, JOB, 0);
      Atomics.add(cells, BEGUN, 1);
      Atomics.notify(cells, BEGUN);
    }
    for (let seen = Atomics.load(cells, BEGUN); seen <= size; seen = Atomics.load(cells, BEGUN)) {
      Atomics.wait(cells, BEGUN, seen, 1);
    }
    times[2 * number] = clock();
    jobs[job - 1]();
    times[2 * number + 1] = clock();
    parentPort.postMessage('ended');
  }
}
