import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { Observable } from 'rxjs';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { checkEqual, collectGarbage, note, quick, row, scaled, timed } from '../harness.js';
import { rowOf, runsOf } from './quantiles.js';

const targets = new URL('jobs.targets.js', import.meta.url);
const { add, busy } = threadModule(targets);
const ROUNDS = 12;
const AGAINST = 'raw piscina.run, its defaults';

/** Pools of so many workers. tinypool is left out where it is not installed, as it is no dependency of the project. */
async function open(workers) {
  const pool = new ThreadPool({ minThreads: workers, maxThreads: workers });
  const piscina = new Piscina({
    filename: targets.href,
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: 600_000,
  });
  const { default: Tinypool } = await import('tinypool').catch(() => ({}));
  const tinypool =
    Tinypool && new Tinypool({ filename: fileURLToPath(targets), minThreads: workers, maxThreads: workers });
  const jobs = {
    ours: (numbers) => pool.run(add, [numbers]),
    piscina: (numbers) => piscina.run(numbers, { name: 'add' }),
    ...(tinypool && { tinypool: (numbers) => tinypool.run(numbers) }),
  };
  const close = () => Promise.all([pool.close(), piscina.destroy(), tinypool?.destroy()]);
  return { pool, piscina, jobs, close };
}

/** So many jobs, `window` of them at once; returns the ms of one. */
async function windowed(run, count, window) {
  let next = 0;
  let sum = 0;
  const go = async () => {
    while (next < count) {
      const one = await run({ a: next++, b: 1 });
      sum += one;
    }
  };
  const took = await timed(() => Promise.all(Array.from({ length: window }, go)));
  checkEqual('sum', sum, (count * (count + 1)) / 2);
  return took / count;
}

async function flooded(run, count) {
  let sum = 0;
  const took = await timed(async () => {
    const all = [];
    for (let n = 0; n < count; n++) all.push(run({ a: n, b: 1 }));
    for (const one of await Promise.all(all)) sum += one;
  });
  checkEqual('sum', sum, (count * (count + 1)) / 2);
  return took / count;
}

const each = (jobs, measure) =>
  Object.fromEntries(Object.entries(jobs).map(([name, run]) => [name, () => measure(run)]));

const two = await open(2);
const perJob = async (job, reach, measure, rounds = ROUNDS) =>
  rowOf(job, await runsOf(each(two.jobs, measure), rounds), AGAINST, reach);
await perJob('pool.run, one after the other', 1.1, (run) => windowed(run, scaled(500), 1));
await perJob('8 at once', 0.5, (run) => windowed(run, scaled(2000), 8));
await perJob('64 at once', 0.35, (run) => windowed(run, scaled(4000), 64));
await perJob('a flood of 5,000', 0.35, (run) => flooded(run, scaled(5000)));
await perJob('a flood of 100,000', 0.4, (run) => flooded(run, scaled(100_000)), 4);

/** Jobs that keep two workers busy, against half of the time that they take one after the other. */
async function efficiency(ms, count, reach) {
  const jobs = {
    ours: () => two.pool.run(busy, [ms]),
    piscina: () => two.piscina.run(ms, { name: 'busy' }),
  };
  const took = (run) => timed(() => Promise.all(Array.from({ length: count }, () => run())));
  const runs = await runsOf(each(jobs, took), 6);
  const ideal = [(count * ms) / 2];
  rowOf(`${count} jobs of ${ms} ms`, { ours: runs.ours, ideal, piscina: runs.piscina }, 'ideal', reach);
}
await efficiency(10, scaled(40), 1.03);
await efficiency(1, scaled(400), 1.2);

/** Bytes of heap that each of so many takes that are kept. */
function bytesOf(count, make) {
  const kept = new Array(count);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < count; n++) kept[n] = make(n);
  collectGarbage();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  return { bytes, kept };
}

/** What a job takes while it stands in line: in all, and of that its arguments and the subscription of any Observable. */
async function heapOf() {
  const one = new ThreadPool({ minThreads: 1, maxThreads: 1 });
  const blocked = one.run(busy, [quick ? 10 : 3000]).then((ms) => ms);
  // So many that what else is collected meanwhile is little for each.
  const count = quick ? 10_000 : 50_000;
  const leave = () => {};
  const any = new Observable(() => leave);
  const args = (n) => [{ a: n, b: 1 }];
  const jobs = bytesOf(count, (n) => one.run(add, args(n)).subscribe());
  for (const subscription of jobs.kept) subscription.unsubscribe();
  await blocked;
  await one.close();
  const subscriptions = bytesOf(count, () => any.subscribe());
  return [jobs.bytes, bytesOf(count, args).bytes, subscriptions.bytes];
}
const [all, ofArgs, ofSubscription] = await heapOf();
row('heap of a queued job', all - ofArgs - ofSubscription, 'meant', 300, 1, 'bytes');
const bytes = (figure) => `${figure.toFixed(0)} B`;
note(
  `    ${bytes(all)} with its arguments, ${bytes(ofArgs)}, and the subscription, ${bytes(ofSubscription)} in any Observable`,
);
await two.close();

if (!quick) {
  const many = await open(256);
  const { ours, piscina } = many.jobs;
  const runs = await runsOf(
    each({ ours, piscina }, (run) => windowed(run, 5000, 512)),
    4,
  );
  rowOf('256 workers, 512 at once', runs, AGAINST, 0.2);
}
process.exit();
