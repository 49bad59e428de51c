import { setTimeout as sleep } from 'node:timers/promises';
import { concatMap, delay, type Observable, repeat, tap } from 'rxjs';
import type { Event } from 'rxjs-threading';
import { seconds } from './pace.js';
import { say } from './say.js';

const GOODS = 0;
const RELEASES = 1;

/** With promises. */
export async function collect(gate: Event, full: Event, store: Int32Array): Promise<void> {
  while (store[RELEASES] !== 3) {
    if (!gate.isSet()) {
      await say("Wating the gate's opening");
      await gate.wait();
      continue;
    }
    const goods = store[GOODS] ?? 0;
    await say(`collecting   ${goods}`);
    store[GOODS] = goods + 200;
    if (store[GOODS] === 1000) full.set();
    // Longer if the releaser has not yet seen to it.
    do await sleep(seconds(0.3));
    while (full.isSet());
  }
  await say('Mission done, collecting process stop.');
}

/** A loop as well, as a pipeline: a Wait is cold, so each repetition waits anew. */
export function release(gate: Event, full: Event, store: Int32Array): Observable<void> {
  return full.wait().pipe(
    concatMap(() => say('close the gate and release goods')),
    tap(() => {
      store[GOODS] = 0;
      store[RELEASES] = (store[RELEASES] ?? 0) + 1;
      gate.clear();
      full.clear();
    }),
    delay(seconds(1)),
    concatMap(() => say('goods empty, open the gate')),
    tap(() => gate.set()),
    repeat(3),
    tap({ complete: () => console.log('Mission done, release process stop..') }),
  );
}
