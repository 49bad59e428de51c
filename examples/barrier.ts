// A client and a server thread: no connection is made before both are ready.
import { map, merge } from 'rxjs';
import { Barrier, Thread, threadModule } from 'rxjs-threading';

const barrier = new Barrier(2, { timeout: 5000 });
/** Where the server tells its port. */
const port = new Int32Array(new SharedArrayBuffer(4));

const worker = threadModule<typeof import('./barrier.worker.js')>(
  new URL('./barrier.worker.js', import.meta.url),
);
const server = new Thread({ target: worker.server, args: [barrier, port, 3] }).start();
const client = new Thread({ target: worker.client, args: [barrier, port, 3] }).start();

merge(
  server.output$.pipe(map((line) => `server: ${line}`)),
  client.output$.pipe(map((line) => `client: ${line}`)),
).subscribe((line) => console.log(line));
