// A contender in a process of its own: it measures a round of so many jobs, in ms a job, each time that it is told to.
import { setTimeout as delay } from 'node:timers/promises';
import { scaled } from '../harness.js';
import { POOLS, windowed } from './contenders.js';

const { run } = POOLS[process.argv[2]](2);
await windowed(run, scaled(5000), 1);
process.on('message', async (jobs) => {
  // The round before has kept the other core awake. A worker that is woken now would go there, and stay: a wake-up takes four times as long then.
  await delay(30);
  process.send(await windowed(run, jobs, 1));
});
