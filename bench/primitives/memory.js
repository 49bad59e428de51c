import { Lock } from 'rxjs-threading';
import { checkEqual, collectGarbage, quick, row } from '../harness.js';

const MANY = quick ? 10_000 : 50_000;
const KILOBYTE = 1024;

/** What each of MANY costs the process, its JavaScript heap and its shared memory. */
function each(make) {
  const before = used();
  const kept = Array.from({ length: MANY }, make);
  const bytes = (used() - before) / MANY;
  checkEqual('kept', kept.length, MANY);
  return bytes;
}

function used() {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const lock = new Lock();
lock.acquireSync();
const warmUp = [new Lock(), lock.acquire().subscribe()];
checkEqual('warm-up', warmUp.length, 2);

row(
  'a free Lock',
  each(() => new Lock()),
  '1 KB',
  KILOBYTE,
  1,
  'bytes',
);
row(
  'a pending wait, subscribed',
  each(() => lock.acquire().subscribe()),
  '1 KB',
  KILOBYTE,
  1,
  'bytes',
);
row(
  'a pending wait, awaited',
  each(async () => await lock.acquire()),
  '1 KB',
  KILOBYTE,
  1,
  'bytes',
);
process.exit();
