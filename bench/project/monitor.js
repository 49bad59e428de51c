import { count, lastValueFrom, of, range } from 'rxjs';
import { Lock, ThreadPool, threadMap, toHandle, withLock } from 'rxjs-threading';
import { inspect$ } from 'rxjs-threading/monitor';
import { Crew } from '../crew.js';
import { checkEqual, interleave, row, scaled, timed, timedSync } from '../harness.js';

/** What a monitor costs: each job while nobody looks, then while somebody looks at contention, and at all. */
const LOOKS = { nobody: undefined, contention: 'contention', all: 'all' };

async function looked(name, job, rounds, most) {
  const contenders = Object.fromEntries(
    Object.entries(LOOKS).map(([look, detail]) => [
      look,
      async () => {
        const looking = detail && inspect$({ detail }).subscribe();
        const figure = await job();
        looking?.unsubscribe();
        return figure;
      },
    ]),
  );
  const medians = await interleave(contenders, { rounds });
  row(`${name}, contention looked at`, medians.contention, 'nobody looks', medians.nobody, most.contention);
  row('the same, all looked at', medians.all, 'nobody looks', medians.nobody, most.all);
}

const PAIRS = scaled(1_000_000);
const lock = new Lock();
const pairs = () =>
  timedSync(() => {
    for (let pair = 0; pair < PAIRS; pair++) {
      lock.acquireSync();
      lock.release();
    }
  });
await looked('a free Lock pair', pairs, 15, { contention: 1.02, all: 1.5 });

const UPDATES = scaled(1_000_000);
const OURS = 1;
const money = new Int32Array(new SharedArrayBuffer(4));
const data = { money, lock: toHandle(new Lock()), updates: UPDATES };
const two = await new Crew(2).start(new URL('../primitives/bank.worker.js', import.meta.url), data);
async function bank() {
  money[0] = 0;
  const took = await two.run(OURS);
  checkEqual('final money', money[0], 50 * UPDATES);
  return took;
}
await looked('bank of two workers', bank, 15, { contention: 1.05, all: 1.25 });
await two.end();

const VALUES = scaled(200_000);
async function sections() {
  let values;
  const took = await timed(async () => {
    values = await lastValueFrom(
      range(0, VALUES).pipe(
        withLock(lock, (value) => of(value)),
        count(),
      ),
    );
  });
  checkEqual('values', values, VALUES);
  return took;
}
await looked('withLock, 200,000 values', sections, 9, { contention: 1.05, all: 1.5 });

const FLOOD = scaled(200_000);
const pool = new ThreadPool({ maxThreads: 2, idleTimeout: Number.POSITIVE_INFINITY });
await lastValueFrom(pool.warmUp());
async function flood() {
  let values;
  const took = await timed(async () => {
    values = await lastValueFrom(
      range(0, FLOOD).pipe(
        threadMap((n) => n * 2, { pool }),
        count(),
      ),
    );
  });
  checkEqual('values', values, FLOOD);
  return took;
}
await looked('threadMap, 200,000 values', flood, 11, { contention: 1.03, all: 1.1 });
await pool.close();
