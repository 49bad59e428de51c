// What the threads of elsewhere.js run.
import { once } from 'node:events';

async function timedAsks(ask, questions) {
  let last;
  const start = performance.now();
  for (let question = 0; question < questions; question++) last = await ask();
  return { took: performance.now() - start, last };
}

export function askThread(thread, questions) {
  return timedAsks(() => thread.result(), questions);
}

export async function askPort(port, questions) {
  const took = await timedAsks(async () => {
    const answer = once(port, 'message');
    port.postMessage(null);
    return (await answer)[0];
  }, questions);
  port.close();
  return took;
}
