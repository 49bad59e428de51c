// 5,000 jobs on three processes that are killed at random, and a bar that counts what comes back.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lastValueFrom, mergeMap, range, scan, tap } from 'rxjs';
import { threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';
import { redis } from './redis.js';

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: '5000' },
    /** ms between two kills; 0: none. */
    kill: { type: 'string', default: '4000' },
    lease: { type: 'string', default: '2000' },
  },
});
const jobs = Number(options.jobs);
const WIDTH = 40;
const ROUNDS = 2000;
const target = threadModule<typeof import('./jobs.worker.js')>(new URL('./jobs.worker.js', import.meta.url));

const { url, stop } = await redis();
const farm = new Set<ChildProcess>();
let killed = 0;
/** Results that have come, and how many there were at the last kill. */
let come = 0;
let before = 0;

function start(): void {
  const one = fork(fileURLToPath(new URL('./farm.process.js', import.meta.url)), [url, options.lease]);
  farm.add(one);
  one.once('exit', () => farm.delete(one));
}

/**
 * One of them, without a chance to say goodbye, as a lost machine; another takes its place. None while nothing has come since:
 * where processes start more slowly than they are killed, none would get to a job.
 */
function killOne(): void {
  if (come === before) return;
  before = come;
  const one = [...farm][Math.floor(Math.random() * farm.size)];
  if (one === undefined) return;
  killed++;
  one.kill('SIGKILL');
  start();
}

for (let n = 0; n < 3; n++) start();
const killing = Number(options.kill) > 0 ? setInterval(killOne, Number(options.kill)) : undefined;
const machines = new Machines({
  connection: url,
  namespace: 'farm',
  lease: Number(options.lease),
  grace: false,
});
const pool = machines.pool('stamps', { retry: { maxDeaths: 1000 } });

const all = await lastValueFrom(
  range(0, jobs).pipe(
    // So many are in the queue or running; each is a job of its own, run again where its process was killed.
    mergeMap((n) => pool.run(target.stamp, [n, ROUNDS]), 200),
    scan(({ done, sum }, { n }) => ({ done: done + 1, sum: sum + n }), { done: 0, sum: 0 }),
    tap(({ done }) => {
      come = done;
    }),
    tap(({ done }) => done % Math.ceil(jobs / 100) === 0 && draw(done)),
  ),
);
draw(jobs);
if (process.stderr.isTTY) console.error();
const exact = all.done === jobs && all.sum === (jobs * (jobs - 1)) / 2;
console.log(
  `${all.done} results of ${jobs} jobs, ${exact ? 'each exactly once' : 'NOT each once'}; ${killed} processes killed`,
);
if (!exact) process.exitCode = 1;

clearInterval(killing);
for (const one of farm) one.kill('SIGKILL');
await machines.close();
await stop();

/** In place on a terminal, a line for each elsewhere. */
function draw(done: number): void {
  const full = Math.round((done / jobs) * WIDTH);
  const bar = `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}] ${done} of ${jobs}, ${killed} killed`;
  process.stderr.write(process.stderr.isTTY ? `\r${bar} ` : `${bar}\n`);
}
