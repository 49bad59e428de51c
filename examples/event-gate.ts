// A collector works while the gate is open; a releaser shuts it when the store is full.
import { Event, Thread, threadModule } from 'rxjs-threading';

const gate = new Event({ name: 'gate' });
const full = new Event({ name: 'full' });
/** GOODS and RELEASES, in memory that both threads see. */
const store = new Int32Array(new SharedArrayBuffer(8));
gate.set();

const worker = threadModule<typeof import('./event-gate.worker.js')>(
  new URL('./event-gate.worker.js', import.meta.url),
);
new Thread({ target: worker.collect, args: [gate, full, store] }).start();
new Thread({ target: worker.release, args: [gate, full, store] }).start();
