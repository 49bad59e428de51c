import { createHook } from 'node:async_hooks';
import { lastValueFrom, type Observable, type OperatorFunction, of } from 'rxjs';
import { Event, ThreadPool, threadMap, threadPipe } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { until } from '../support/turns.js';

it.each<[string, (pool: ThreadPool) => OperatorFunction<number, unknown>]>([
  ['threadMap', (pool) => threadMap((n: number) => n, { pool })],
  ['threadPipe', (pool) => threadPipe((numbers: Observable<number>) => numbers, { pool })],
])('%s leaves no port open when its pool takes no more', async (_, operator) => {
  const pool = new ThreadPool({ maxThreads: 1, maxQueue: 0 });
  const [began, go] = [new Event(), new Event()];
  const blocking = (began: Event, go: Event): boolean => {
    began.set();
    return go.waitSync();
  };
  const job = pool.run(blocking, [began, go]).then((done) => done);
  await began.wait();
  const open = new Set<number>();
  const hook = createHook({
    init: (id, type) => type === 'MESSAGEPORT' && open.add(id),
    destroy: (id) => open.delete(id),
  }).enable();
  for (let tries = 0; tries < 3; tries++)
    await expect(lastValueFrom(of(1).pipe(operator(pool)))).rejects.toThrow(/takes no/);
  expect(open.size).toBeGreaterThan(0);
  await until(() => open.size === 0);
  hook.disable();
  go.set();
  await job;
  await pool.close();
});
