// What the teardown of one subscriber throws keeps nobody else waiting: see the test of that name in test/primitives.
import { config, finalize, type Observable } from 'rxjs';
import { Machines } from 'rxjs-threading/redis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../support/turns.js';

const unheard: unknown[] = [];
beforeEach(() => {
  unheard.length = 0;
  config.onUnhandledError = (error) => unheard.push(error);
});
afterEach(() => {
  config.onUnhandledError = null;
});

/** Subscribes so often, each time with a teardown that throws. Returns how many were told of an end. */
function jammed(...streams: readonly Observable<unknown>[]): () => number {
  let ended = 0;
  const end = () => ended++;
  for (const stream of streams)
    stream
      .pipe(
        finalize(() => {
          throw new Error('jammed');
        }),
      )
      .subscribe({ error: end, complete: end });
  return () => ended;
}

it('all who wait are told as their session is closed, and it is closed', async () => {
  const machines = new Machines({ connection: 'memory', namespace: `unheard-${process.pid}` });
  const [lock, event] = [machines.lock('a'), machines.event('a')];
  const held = await lock.hold();
  const told = jammed(lock.hold(), lock.hold(), event.wait(), event.wait(), held.lost$, held.lost$);
  await machines.close();
  await until(() => told() === 6);
  await until(() => unheard.length === 6);
  expect(unheard.map(String)).toEqual(Array(6).fill(expect.stringContaining('jammed')));
});
