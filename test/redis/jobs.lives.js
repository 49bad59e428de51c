import { EMPTY, lastValueFrom, takeUntil, timer, toArray } from 'rxjs';
import { threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';

const targets = threadModule(new URL('jobs.targets.js', import.meta.url));

/** What a job can come to, and what its caller then has. `nth`: another for each. */
const LIVES = {
  'is done': [(pool) => pool.run(targets.report, [3]), '[3]'],
  'is shared': [(pool) => pool.run(targets.add, [1, 2], { dedupe: 'one' }), '[3]'],
  fails: [(pool) => pool.run(targets.fail, ['it']), 'it'],
  'is tried again': [
    (pool) => pool.run(targets.failUntil, [2], { retry: { attempts: 9, delay: 10 } }),
    '[2]',
  ],
  'is a timer': [(pool, nth) => pool.timer(30, targets.add, [1, 2], { id: `timer${nth}` }).result(), '[3]'],
  // One attempt: where it was handed out, and nobody heard so, it is lost.
  streams: [(pool) => pool.stream(targets.countTo, [5]), '[1,2,3,4,5]', /^job \S+ \(countTo\) was lost/],
  'is left': [(pool) => pool.run(targets.wait).pipe(takeUntil(timer(50))), '[]'],
  'is left by the last who shares it': [
    (pool) => pool.run(targets.wait, [], { dedupe: 'left' }).pipe(takeUntil(timer(50))),
    '[]',
  ],
};

export const lives = Object.keys(LIVES);

/** Of all values that came, or of the error. */
export function live(name, pool, nth) {
  const [begin = () => EMPTY] = LIVES[name] ?? [];
  return lastValueFrom(begin(pool, nth).pipe(toArray())).then(JSON.stringify, ({ message }) => message);
}

export function isRight(name, came) {
  const [, gives, orElse] = LIVES[name] ?? [];
  return came === gives || orElse?.test(came) === true;
}

/** As a process: one life for each message, which has its name. */
if (process.send !== undefined && process.argv[2]?.startsWith('{')) {
  const { url, namespace, lease } = JSON.parse(process.argv[2]);
  const machines = new Machines({ connection: url, namespace, lease });
  const pool = machines.pool('jobs', { retry: { maxDeaths: 3 } });
  await pool.failed();
  process.on('message', async ([name, nth]) => process.send(await live(name, pool, nth)));
  process.send('ready');
}
