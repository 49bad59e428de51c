// What the teardown of one subscriber throws keeps nobody else waiting: see the test of that name in test/primitives.
import { AsyncLocalStorage } from 'node:async_hooks';
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
  const streams = [serving.running$, pool.stats$, machines.state$, machines.errors$, machines.enumerate$];
  const told = jammed(...streams, ...streams, ...streams);
  const ended = expect(pool.run(targets.echo, [1]).then()).rejects.toMatchObject({ code: 'ERR_POOL' });
  await machines.close();
  await ended;
  await until(() => told() === 15);
  await until(() => unheard.length === 15);
  expect(unheard.map(String)).toEqual(Array(15).fill(expect.stringContaining('jammed')));
});

it('what is asked of the engine is answered, and so is what else is asked, though who asks throws', async () => {
  await using farm = new Farm(redis.server);
  const { machines, pool } = farm;
  const asked = [pool.failed(), machines.enumerate(), machines.snapshot(), machines.lock('a').locked()];
  const told = jammed(...asked, ...asked);
  await until(() => told() === 8);
  await until(() => unheard.length === 8);
  expect(unheard.map(String)).toEqual(Array(8).fill(expect.stringContaining('jammed')));
});

it('questions that wait are over, and their Machines is closed, though who asks throws', async () => {
  const machines = new Machines({ connection: 'redis://127.0.0.1:1', namespace: 'nowhere' });
  const told = jammed(machines.enumerate(), machines.snapshot(), machines.lock('a').locked());
  await machines.close();
  await until(() => told() === 3 && unheard.length === 3);
});

it('what a teardown throws is told in the async context of who subscribed', async () => {
  const machines = new Machines({ connection: 'memory', namespace: `unheard-${process.pid}` });
  const context = new AsyncLocalStorage<string>();
  const heardIn: unknown[] = [];
  config.onUnhandledError = () => heardIn.push(context.getStore());
  const held = await machines.lock('a').hold();
  context.run('subscriber', () => jammed(held.lost$, machines.state$, machines.errors$));
  await context.run('releaser', () => held.release());
  await context.run('closer', () => machines.close());
  await until(() => heardIn.length === 3);
  expect(heardIn).toEqual(Array(3).fill('subscriber'));
});
