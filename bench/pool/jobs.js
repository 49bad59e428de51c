import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Observable } from 'rxjs';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { checkEqual, collectGarbage, note, quick, row, scaled, timed } from '../harness.js';
import { POOLS, targets, windowed } from './contenders.js';
import { rowOf, runsOf } from './quantiles.js';

const { add, busy } = threadModule(targets);
const ROUNDS = 12;
const AGAINST = 'raw piscina.run, its defaults';

const openAll = (workers, kinds) => Object.fromEntries(kinds.map((kind) => [kind, POOLS[kind](workers)]));
const closeAll = (pools) => Promise.all(Object.values(pools).map(({ close }) => close()));

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

const each = (pools, measure) =>
  Object.fromEntries(Object.entries(pools).map(([name, { run }]) => [name, () => measure(run)]));

const CHILD = fileURLToPath(new URL('one-after-the-other.js', import.meta.url));

/** In a process each, as who uses them has them: where the kernel puts the threads of one is not the others' doing. */
function contendersBy(...command) {
  const children = Object.keys(POOLS).map((kind) => {
    const [program, ...args] = [...command, process.execPath, CHILD, kind, ...process.argv.slice(2)];
    return [kind, spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })];
  });
  const measure = async (child, jobs) => {
    child.send(jobs);
    return (await once(child, 'message'))[0];
  };
  return {
    rounds: (jobs) =>
      runsOf(
        Object.fromEntries(children.map(([kind, child]) => [kind, () => measure(child, jobs)])),
        2 * ROUNDS,
      ),
    close() {
      for (const [, child] of children) child.kill();
    },
  };
}

if (process.platform === 'linux') {
  // A wake-up between two cores takes four times what a job takes, and hides it.
  const onOneCore = contendersBy('taskset', '--cpu-list', '0');
  rowOf('pool.run, one after the other, on one core', await onOneCore.rounds(scaled(5000)), AGAINST, 1.1);
  onOneCore.close();
}
const contenders = contendersBy();
rowOf('the same, where the kernel puts them', await contenders.rounds(scaled(5000)), AGAINST);
rowOf('the first 500 of them', await contenders.rounds(scaled(500)), AGAINST);
rowOf('the first alone', await contenders.rounds(1), AGAINST);
contenders.close();

const two = openAll(2, Object.keys(POOLS));
const perJob = async (job, reach, measure, rounds = ROUNDS) =>
  rowOf(job, await runsOf(each(two, measure), rounds), AGAINST, reach);
await perJob('8 at once', 0.5, (run) => windowed(run, scaled(2000), 8));
await perJob('64 at once', 0.35, (run) => windowed(run, scaled(4000), 64));
await perJob('a flood of 5,000', 0.35, (run) => flooded(run, scaled(5000)));
await perJob('a flood of 100,000', 0.4, (run) => flooded(run, scaled(100_000)), 4);

/** Jobs that keep two workers busy, against half of the time that they take one after the other. */
async function efficiency(ms, count, reach) {
  const jobs = {
    ours: { run: () => two.ours.pool.run(busy, [ms]) },
    piscina: { run: () => two.piscina.pool.run(ms, { name: 'busy' }) },
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
await closeAll(two);

if (!quick) {
  const many = openAll(256, ['ours', 'piscina']);
  const runs = await runsOf(
    each(many, (run) => windowed(run, 5000, 512)),
    4,
  );
  rowOf('256 workers, 512 at once', runs, AGAINST, 0.2);
}
process.exit();
