import { Event, Lock, OwnerDiedError, RLock, setExcepthook, Thread, threadModule } from 'rxjs-threading';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../support/histories/random.js';
import { tried } from '../support/long/tried.js';
import { anySeed, sleep } from '../support/random.js';

const targets = threadModule<typeof import('../fixtures/long/storm.js')>(
  new URL('../fixtures/long/storm.js', import.meta.url),
);

/** ms of each storm; ms within which the next acquirer is served after a death. */
const DURATION = 60_000;
const SERVED = 1000;
const seed = anySeed();

beforeAll(() => setExcepthook(() => {}));
afterAll(() => setExcepthook(null));

it.for([
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
] as const)(
  `threads that die at any time with a %s cost others an error at most: seed ${seed}`,
  async ([, make], context) => {
    const random = new Random(seed);
    const lock = make();
    const counts = { threads: 0, deaths: 0, told: 0, served: 0 };
    const end = performance.now() + DURATION;
    const victims = async (): Promise<void> => {
      while (performance.now() < end) {
        const begun = new Event();
        const how = random.pick(['churn', 'churnAsync', 'exit', 'crash', 'leave'] as const);
        const thread = new Thread({ target: targets[how], args: [lock, begun, random.below(20)] }).start();
        const ended = thread.result().then(
          () => {},
          () => {},
        );
        counts.threads++;
        await begun.wait();
        if (how.startsWith('churn')) {
          await sleep(random.below(30));
          await thread.terminate();
        }
        await ended;
        if (how !== 'leave') counts.deaths++;
        // Others come and go meanwhile, or nobody does.
        await sleep(random.chance(0.3) ? random.below(2000) : 0);
      }
    };
    const survivor = async (): Promise<void> => {
      while (performance.now() < end) {
        const start = performance.now();
        try {
          expect(await lock.acquire({ timeout: 10_000 }), `seed ${seed}`).toBe(true);
          lock.release();
        } catch (error) {
          expect(error).toBeInstanceOf(OwnerDiedError);
          counts.told++;
        }
        // Churners that do not wait for one another have their turns, too.
        expect(performance.now() - start, `seed ${seed}`).toBeLessThan(SERVED * 2);
        counts.served++;
        await sleep(random.below(3));
      }
    };
    await Promise.all([victims(), victims(), victims(), survivor(), survivor()]);
    expect(counts.told).toBeGreaterThan(0);
    for (const [what, times] of Object.entries(counts)) tried(context, what, times);
  },
);
