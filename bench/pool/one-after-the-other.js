// A contender in a process of its own: it measures a round, in ms a job, each time that it is told to.
import { scaled } from '../harness.js';
import { POOLS, windowed } from './contenders.js';

const { run } = POOLS[process.argv[2]](2);
process.on('message', async () => process.send(await windowed(run, scaled(500), 1)));
