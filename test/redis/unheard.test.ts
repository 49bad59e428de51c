// What the teardown of one subscriber throws keeps nobody else waiting: see the test of that name in test/primitives.
import { config, finalize, type Observable } from 'rxjs';
import { Machines } from 'rxjs-threading/redis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Farm, targets } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';
import { until } from '../support/turns.js';

const redis = onRedis();

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

it('a Machines and what it serves are closed, and its jobs are over, though who looks at them throws', async () => {
  await using farm = new Farm(redis.server);
  const { machines, pool } = farm;
  const serving = machines.serve('another', { module: targets });
  const told = jammed(serving.running$, pool.stats$, machines.state$, machines.errors$);
  const ended = expect(pool.run(targets.echo, [1]).then()).rejects.toMatchObject({ code: 'ERR_POOL' });
  await machines.close();
  await ended;
  await until(() => told() === 4);
  await until(() => unheard.length === 4);
  expect(unheard.map(String)).toEqual(Array(4).fill(expect.stringContaining('jammed')));
});
