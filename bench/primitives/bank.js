import { Lock, toHandle } from 'rxjs-threading';
import { Crew } from '../crew.js';
import { checkEqual, interleave, row, scaled, timed } from '../harness.js';
import { Mutex, move, shutdown, spawn } from '../multithreading.js';
import { hasPython, runPython } from '../python.js';

const UPDATES = scaled(100_000);
const OURS = 1;
const FUTEX = 2;

const money = new Int32Array(new SharedArrayBuffer(4));
const lock = new Lock();
const data = { money, lock: toHandle(lock), updates: UPDATES };
const two = await new Crew(2).start(new URL('bank.worker.js', import.meta.url), data);
const four = await new Crew(4).start(new URL('bank.worker.js', import.meta.url), data);

async function bank(crew, pairs, job) {
  money[0] = 0;
  const took = await crew.run(job);
  checkEqual('final money', money[0], pairs * 50 * UPDATES);
  return took;
}

/** The same in the words of npm `multithreading`. */
async function multithreading() {
  const account = new Mutex(new Int32Array(new SharedArrayBuffer(4)));
  const work = (mutex, updates, amount) => {
    for (let i = 0; i < updates; i++) {
      const guard = mutex.blockingLock();
      guard.value[0] += amount;
      guard.dispose();
    }
  };
  const took = await timed(async () => {
    const adding = spawn(move(account, UPDATES, 100), work);
    const taking = spawn(move(account, UPDATES, -50), work);
    for (const { ok, error } of await Promise.all([adding.join(), taking.join()])) if (!ok) throw error;
  });
  const guard = await account.lock();
  checkEqual('final money', guard.value[0], 50 * UPDATES);
  guard.dispose();
  return took;
}

const python = hasPython();
const medians = await interleave(
  {
    ours: () => bank(two, 1, OURS),
    futex: () => bank(two, 1, FUTEX),
    ...(python && { python: () => runPython('primitives/bank.py', UPDATES) }),
    ours4: () => bank(four, 2, OURS),
    futex4: () => bank(four, 2, FUTEX),
  },
  { rounds: 15 },
);
const peer = await interleave({ multithreading }, { rounds: 3 });
await Promise.all([two.end(), four.end()]);
shutdown();

row('bank: two workers, 100,000 locked updates each', medians.ours, 'a bare futex lock', medians.futex, 1.3);
if (python) row('the same', medians.ours, 'CPython', medians.python, 0.8);
row('the same', medians.ours, 'multithreading', peer.multithreading, 0.05);
row('bank: four workers', medians.ours4, 'a bare futex lock', medians.futex4, 1.3);
