import { Worker } from 'node:worker_threads';
import { lastValueFrom, reduce } from 'rxjs';
import { Thread, threadModule } from 'rxjs-threading';
import { checkEqual, interleave, row, scaled, timed } from '../harness.js';

const VALUES = scaled(1_000_000);
const SUM = (VALUES * (VALUES - 1)) / 2;

const { count } = threadModule(new URL('../targets.js', import.meta.url));
const worker = new Worker(new URL('stream.worker.js', import.meta.url));

const medians = await interleave(
  {
    stream: async () => {
      const thread = new Thread({ target: count, args: [VALUES] });
      let sum = 0;
      const took = await timed(async () => {
        thread.start();
        sum = await lastValueFrom(thread.output$.pipe(reduce((total, value) => total + value, 0)));
      });
      checkEqual('sum', sum, SUM);
      return took / VALUES;
    },
    messages: async () => {
      let sum = 0;
      const took = await timed(
        () =>
          new Promise((resolve) => {
            let left = VALUES;
            const received = (value) => {
              sum += value;
              if (--left > 0) return;
              worker.off('message', received);
              resolve();
            };
            worker.on('message', received);
            worker.postMessage(VALUES);
          }),
      );
      checkEqual('sum', sum, SUM);
      return took / VALUES;
    },
  },
  { rounds: 3, collect: true },
);
await worker.terminate();

row('a million values streamed out, each', medians.stream, 'a MessagePort message', medians.messages, 0.1);
