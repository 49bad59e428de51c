import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { Event, runInThread, stackSize, Thread } from 'rxjs-threading';
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

it('idle workers are kept whatever number of others has died', async () => {
  const workers: Worker[] = [];
  const count = (worker: Worker): void => void workers.push(worker);
  process.on('worker', count);
  // No other has idle workers of that size.
  const before = stackSize(5 * 2 ** 20);
  const first = new Thread({ target: () => {} }).start();
  const later = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 100));
  const others = Array.from({ length: 2 * availableParallelism() - 1 }, () =>
    new Thread({ target: later }).start(),
  );
  const isDead = new Event();
  const last = new Thread({ target: (event: Event) => void event.waitSync(), args: [isDead] }).start();
  stackSize(before);
  for (const thread of [first, ...others]) await thread.result();
  process.off('worker', count);
  await (workers[1] as Worker).terminate();
  isDead.set();
  await last.result();
  let ended = false;
  workers[0]?.once('exit', () => {
    ended = true;
  });
  // What a burst has left goes after one.
  await sleep(2500);
  expect(ended).toBe(false);
});
