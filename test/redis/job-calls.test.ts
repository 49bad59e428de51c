// Several calls of a script of BullMQ in one message: see src/redis/job-calls.ts.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandsOf, counts, Farm, targets, until } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';

const engine = onRedis();

let farm: Farm;
beforeEach(() => {
  farm = new Farm(engine.server, { lease: 1000 });
});
afterEach(() => farm[Symbol.asyncDispose]());

type Call = (args: readonly unknown[]) => Promise<unknown>;

/** A command of the connection that BullMQ's scripts run by; with one key. */
async function command(name: string, lua: string): Promise<Call> {
  const client = await commandsOf(farm.pool);
  client.defineCommand(name, { numberOfKeys: 1, lua });
  return (client as unknown as Record<string, Call>)[name] as Call;
}

async function evaluations(): Promise<number> {
  const stats = await (await commandsOf(farm.pool)).info('commandstats');
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((all, [, n]) => all + Number(n), 0);
}

test('each call has its own keys and arguments, whatever they are, as if it came alone', async () => {
  const echo = await command('moveToDelayed:1', 'return { 0, { #KEYS, KEYS[1], unpack(ARGV) } }');
  const texts = [
    '',
    'a',
    'ß€😀',
    '\ud800',
    '\0\r\n',
    'x'.repeat(255),
    'ü'.repeat(1001),
    '€'.repeat(70_000),
    12.5,
    -1,
    true,
    null,
    undefined,
    Buffer.from('bytes'),
  ];
  const sent = (text: unknown): string =>
    Buffer.from(text === null || text === undefined ? '' : (text as string).toString()).toString();
  const asked = texts.map((text) => echo(['key', text, 'next']));
  expect(await Promise.all(asked)).toEqual(texts.map((text) => [0, [1, 'key', sent(text), 'next']]));
});

test('each call is answered what it is answered alone', async () => {
  const say = await command(
    'moveToDelayed:2',
    `if ARGV[1] == 'error' then return redis.error_reply('ERR said') end
     if ARGV[1] == 'wrong' then return redis.call('INCR', KEYS[1]) end
     if ARGV[1] == 'raised' then error('raised') end
     if ARGV[1] == 'nothing' then return end
     if ARGV[1] == 'status' then return redis.status_reply('FINE') end
     return ARGV[1] == 'list' and { 0, { 'two' } } or tonumber(ARGV[1])`,
  );
  await (await commandsOf(farm.pool)).lpush('a list', 'x');
  const answer = (text: string) =>
    say(['a list', text]).catch(({ name, message }) => `${name}: ${message.slice(0, 9)}`);
  const asked = ['1', 'wrong', 'nothing', 'list', 'raised', 'status', '-3', 'error'].map(answer);
  const raised = expect.stringMatching(/^ReplyError: .*/);
  const wrong = 'ReplyError: WRONGTYPE';
  const said = 'ReplyError: ERR said';
  expect(await Promise.all(asked)).toEqual([1, wrong, null, [0, ['two']], raised, 'FINE', -3, said]);
});

test('a thousand jobs of one turn go to the engine in few messages, and begin in the order in which they were asked for', async () => {
  const { pool } = farm;
  const before = await evaluations();
  const jobs = Array.from({ length: 1000 }, (_, n) => pool.run(targets.echo, [n]).then((one) => one));
  const ended: unknown[] = [];
  for (const job of jobs) job.then((n) => ended.push(n));
  await until(async () => (await counts(pool)).waiting === 1000);
  expect((await evaluations()) - before).toBeLessThan(100);
  farm.serve({ concurrency: 1 });
  expect(await Promise.all(jobs)).toEqual(jobs.map((_, n) => n));
  expect(ended).toEqual(jobs.map((_, n) => n));
});

test('jobs of one turn are added in the order in which they were asked for, whatever script of BullMQ adds them', async () => {
  const { pool } = farm;
  const late = { delay: 60_000 };
  const untold = { error: () => {} };
  pool.run(targets.echo, [0], { detached: true }).subscribe(untold);
  // A timer takes the place of the one before, and a job that is shared is the first.
  pool.timer(60_000, targets.echo, ['late'], { id: 'timer' });
  pool.timer(0, targets.echo, ['soon'], { id: 'timer' });
  pool.run(targets.echo, ['first'], { dedupe: 'key', detached: true, ...late }).subscribe(untold);
  pool.run(targets.echo, ['second'], { dedupe: 'key', detached: true }).subscribe(untold);
  const last = pool.timer(60_000, targets.echo, ['last'], { id: 'last' });
  await until(async () => (await counts(pool)).delayed === 2);
  const jobs = await (pool.queue as Queue).getJobs(['waiting', 'delayed']);
  const added = jobs.map(({ data, opts }) => `${data.args} ${opts.delay ?? 0}`);
  expect(added.sort()).toEqual(['["first"] 60000', '["last"] 60000', '["soon"] 0', '[0] 0']);
  expect(await last.cancel()).toBe(true);
});

/** The arguments of those that wait for their time as the timer of that id. */
async function timersOf(id: string): Promise<readonly string[]> {
  const jobs = await (farm.pool.queue as Queue).getJobs(['delayed']);
  return jobs
    .filter(({ opts }) => `${Reflect.get(opts, 'timer')}`.endsWith(`:${id}`))
    .map(({ data }) => data.args);
}

test('a timer takes the place of one that stands in a long line for the engine', async () => {
  const { pool } = farm;
  await pool.unschedule('none');
  for (let n = 0; n < 1000; n++) pool.timer(60_000, targets.echo, [n], { id: `${n}` });
  await nextTurn();
  await nextTurn();
  pool.timer(60_000, targets.echo, ['new'], { id: '900' });
  const last = pool.timer(60_000, targets.echo, ['last']);
  await until(async () => (await counts(pool)).delayed === 1001);
  expect(await timersOf('900')).toEqual(['["new"]']);
  expect(await last.cancel()).toBe(true);
});

test('a timer takes the place of one that is asked for again, as the engine is not itself', async () => {
  const { pool } = farm;
  await pool.unschedule('none');
  await engine.client.config('SET', 'min-replicas-to-write', '1');
  const before = await evaluations();
  pool.timer(60_000, targets.echo, ['old'], { id: 'timer' });
  await until(async () => (await evaluations()) - before >= 6);
  await engine.client.config('SET', 'min-replicas-to-write', '0');
  const later = pool.timer(60_000, targets.echo, ['new'], { id: 'timer' });
  expect(await later.result({ timeout: 2000 })).toBe(undefined);
  expect(await timersOf('timer')).toEqual(['["new"]']);
});

test("BullMQ's own addBulk is answered, and refused, as ever", async () => {
  const queue = farm.pool.queue as Queue;
  const bulk = [1, 2].map((n) => ({ name: 'echo', data: { n } }));
  expect((await queue.addBulk(bulk)).map(({ id }) => id)).toEqual(['1', '2']);
  await engine.client.config('SET', 'maxmemory', '1');
  try {
    await expect(queue.addBulk(bulk)).rejects.toThrow('OOM');
  } finally {
    await engine.client.config('SET', 'maxmemory', '0');
  }
});

test('calls that together are more than the engine takes at once are answered all the same', async () => {
  const length = await command('moveToDelayed:3', 'return #ARGV[1]');
  await engine.client.config('SET', 'proto-max-bulk-len', '1mb');
  try {
    const sizes = [0, 900_000, 100_000, 200_000, 200_000, 0, 900_000, 1];
    const asked = sizes.map((size) => length(['key', 'x'.repeat(size)]));
    expect(await Promise.all(asked)).toEqual(sizes);
  } finally {
    await engine.client.config('SET', 'proto-max-bulk-len', '512mb');
  }
});
