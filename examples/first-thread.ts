// The first thread: who runs, who is main, and who else is there.
import {
  activeCount,
  currentThread,
  enumerate,
  getIdent,
  mainThread,
  settrace,
  Thread,
  threadModule,
} from 'rxjs-threading';

const worker = threadModule<typeof import('./first-thread.worker.js')>(
  new URL('./first-thread.worker.js', import.meta.url),
);
new Thread({ target: worker.running }).start();

// Told of threads that are started later: of none.
settrace(() => console.log('trace'));

console.log(currentThread());
console.log(mainThread());
console.log(getIdent());
console.log(`[${enumerate().join(', ')}]`);
console.log(activeCount());
