import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { runInThread, Thread } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { until } from '../../support/turns.js';

it('threads that are dropped before they begin do not cost a worker each', async () => {
  let live = 0;
  const count = (worker: Worker): void => {
    live++;
    worker.once('exit', () => live--);
  };
  process.on('worker', count);
  for (let nth = 0; nth < 20; nth++) {
    runInThread(() => {})
      .subscribe()
      .unsubscribe();
    await new Thread({ target: () => {} }).start().join();
  }
  // One whose worker was about to begin is killed with that.
  await until(() => live < 10);
  process.off('worker', count);
});

it('a worker of its own ends with a thread that is dropped before it begins', async () => {
  const exited = once(process, 'worker').then(([worker]) => once(worker as Worker, 'exit'));
  const thread = new Thread({ target: () => {}, stdout: true });
  thread.output$.subscribe({ error: () => {} });
  thread.start();
  await thread.terminate();
  await exited;
  expect(thread.state).toBe('stopped');
});
