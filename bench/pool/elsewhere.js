import { MessageChannel } from 'node:worker_threads';
import { Thread, threadModule } from 'rxjs-threading';
import { checkEqual, interleave, row, scaled } from '../harness.js';

const QUESTIONS = scaled(5000);
const targets = threadModule(new URL('elsewhere.worker.js', import.meta.url));

/** Starts a target that asks so many times, and returns what each time took it. */
async function asked(target, options) {
  const { took, last } = await new Thread({ target, ...options }).start().result();
  checkEqual('answer', last, 42);
  return took / QUESTIONS;
}

const answered = new Thread({ target: () => 42 }).start();
await answered.join();

const medians = await interleave({
  result: () => asked(targets.askThread, { args: [answered, QUESTIONS] }),
  port: async () => {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', () => port1.postMessage(42));
    const took = await asked(targets.askPort, { args: [port2, QUESTIONS], transferList: [port2] });
    port1.close();
    return took;
  },
});

row(
  'result() of a thread started by another',
  medians.result,
  'a round trip over a MessagePort',
  medians.port,
);
process.exit();
