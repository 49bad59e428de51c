// A producer on main; two consumers in threads, one for each way to wait for an item.
import { concatMap, interval, map, merge, take } from 'rxjs';
import { Condition, Thread, threadModule } from 'rxjs-threading';
import { seconds } from './pace.js';

const condition = new Condition();
/** How many items were MADE and TAKEN, in memory that all three see. */
const stock = new Int32Array(new SharedArrayBuffer(8));

const worker = threadModule<typeof import('./condition.worker.js')>(
  new URL('./condition.worker.js', import.meta.url),
);
const first = new Thread({ target: worker.consumeInWhile, args: [condition, stock, 3] }).start();
const second = new Thread({ target: worker.consumeByWaitFor, args: [condition, stock, 3] }).start();

const produced$ = interval(seconds(0.3)).pipe(
  take(6),
  concatMap(() => condition.hold()),
  map((held) => {
    using _held = held;
    const item = (stock[0] ?? 0) + 1;
    stock[0] = item;
    condition.notify();
    return `made item ${item}`;
  }),
);
merge(
  produced$,
  first.output$.pipe(map((item) => `took item ${item}, in a while loop`)),
  second.output$.pipe(map((item) => `took item ${item}, by waitFor`)),
).subscribe((line) => console.log(line));
