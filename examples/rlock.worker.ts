import { setTimeout as sleep } from 'node:timers/promises';
import { type Observable, repeat, takeWhile, tap } from 'rxjs';
import type { RLock } from 'rxjs-threading';
import { seconds } from './pace.js';
import { say } from './say.js';

export async function nest(lock: RLock): Promise<void> {
  {
    using _first = await lock.hold();
    await say('aquire first');
    await sleep(seconds(1));
    {
      using _second = await lock.hold();
      await sleep(seconds(1));
      await say('aquire second');
      {
        using _third = await lock.hold();
        await sleep(seconds(1));
        await say('aquire third');
      }
      await say('release third');
    }
    await say('release second');
  }
  await say('release first');
}

/** A Wait is cold: to subscribe again is to try again. */
export function keepTrying(lock: RLock): Observable<boolean> {
  return lock.acquire({ timeout: 0 }).pipe(
    repeat({ delay: seconds(0.5) }),
    takeWhile((acquired) => !acquired, true),
    tap((acquired) => {
      console.log(acquired ? 'rl aquired' : 'tring to aquire rl');
      if (acquired) lock.release();
    }),
  );
}
