// One thread enters an RLock three times, another keeps trying without waiting.
import { delay, first } from 'rxjs';
import { RLock, Thread, threadModule } from 'rxjs-threading';
import { seconds } from './pace.js';

const lock = new RLock({ name: 'nested' });
const worker = threadModule<typeof import('./rlock.worker.js')>(
  new URL('./rlock.worker.js', import.meta.url),
);
new Thread({ target: worker.nest, args: [lock] }).start();

// Once the first has the lock; a little later, so that the tries fall between the other's steps.
lock.locked$
  .pipe(
    first((locked) => locked),
    delay(seconds(0.25)),
  )
  .subscribe(() => new Thread({ target: worker.keepTrying, args: [lock] }).start());
