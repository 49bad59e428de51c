// Two threads change one sum 100,000 times each, while main watches. No update is lost.

import { distinctUntilChanged, exhaustMap, filter, interval, map, takeUntil } from 'rxjs';
import { activeCount$, Lock, Thread, threadModule } from 'rxjs-threading';
import { seconds } from './pace.js';

const lock = new Lock({ name: 'money' });
// Threads share no objects but primitives; they do share this memory.
const money = new Int32Array(new SharedArrayBuffer(4));

const worker = threadModule<typeof import('./bank.worker.js')>(new URL('./bank.worker.js', import.meta.url));
new Thread({ target: worker.change, args: [lock, money, 100] }).start();
new Thread({ target: worker.change, args: [lock, money, -50] }).start();

const mainIsAlone$ = activeCount$.pipe(filter((count) => count === 1));

// Main must not block: it watches with the Observable face, and the workers block.
interval(seconds(0.01))
  .pipe(
    takeUntil(mainIsAlone$),
    exhaustMap(() => lock.hold()),
    map((held) => {
      using _held = held;
      return money[0];
    }),
    distinctUntilChanged(),
  )
  .subscribe({
    next: (sum) => console.log('check money:', sum),
    complete: () => console.log('final money:', money[0]),
  });
