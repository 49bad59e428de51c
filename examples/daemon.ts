// A daemon thread without end, and one that is no daemon. The program ends when the second does.
import { Thread, threadModule } from 'rxjs-threading';

const worker = threadModule<typeof import('./daemon.worker.js')>(
  new URL('./daemon.worker.js', import.meta.url),
);
new Thread({ target: worker.running, args: [Number.POSITIVE_INFINITY], daemon: true }).start();
new Thread({ target: worker.running, args: [5] }).start();
