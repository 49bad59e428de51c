// Members of another version, or programs that are not ours, which write what they like into the engine.
import { firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { onRedis } from '../support/on-redis.js';
import { heard } from './support/heard.js';

const redis = onRedis({ lease: 10_000 });
const far = 'x'.repeat(10_000);
const infos = [
  'null',
  '[]',
  '7',
  '"text"',
  '{',
  '{"name":{"toString":1},"host":null,"pid":"1","node":[],"threads":{},"pools":{}}',
  '{"session":7,"name":7,"host":[],"pid":1e999,"threads":-1e999,"pools":[null,7,{"name":7,"busy":"1"}]}',
  `{"name":"${far}","host":"${far}","here":7,"start":{},"pools":[${Array.from({ length: 5000 }, () => '{}')}]}`,
];

it.each(infos.map((info) => [info.slice(0, 30), info] as const))(
  'what one says of itself may be anything: %s',
  async (_, info) => {
    const lock = redis.shared(0).lock('theirs');
    const stranger = redis.machines();
    const { session } = await stranger.open();
    await stranger.lock('theirs').hold();
    await redis.client.hset(`{test}:s:${session}`, 'i', info);
    const owner = await heard(lock.owner$, (found) => found !== null);
    expect([typeof owner?.pid, typeof owner?.name, typeof owner?.host]).toEqual([
      'number',
      'string',
      'string',
    ]);
    const { machines } = await redis.shared(0).snapshot();
    const found = machines.find((one) => one.session === session);
    expect(
      Object.values(found ?? {}).filter((value) => typeof value === 'number' && !Number.isFinite(value)),
    ).toEqual([]);
    expect(
      [found?.name.length, found?.host.length, found?.pools.length].every((size) => Number(size) <= 400),
    ).toBe(true);
    expect(JSON.stringify(found).length).toBeLessThan(20_000);
    const next = lock.hold().then(
      (held) => held,
      (error: unknown) => error,
    );
    await redis.endSession(session);
    // Whoever lived by then is told of it like of any other.
    expect(await next).toMatchObject({ name: 'OwnerDiedError', machine: { token: owner?.token } });
    await (await lock.hold()).release();
    expect(await firstValueFrom(lock.locked$)).toBe(false);
  },
);

it('what one has and waits for may be anything', async () => {
  const { session } = await redis.shared(0).open();
  const key = `{test}:o:${session}`;
  const entries = {
    'l:a 1': 'h abc ',
    'l:b 2': 'w',
    'l:c 3': 'w x',
    'z:d 4': 'h 1 ',
    'l:e 5': '',
    [`l:${far} 6`]: 'w 1',
    '': 'h',
  };
  await redis.client.hset(key, entries);
  const { things } = await redis.shared(0).snapshot();
  const ours = things.filter(({ name }) => /^[abcde]$|^x+$/.test(name));
  expect(
    ours.map(({ name, holders, waiters }) => [name.slice(0, 3), holders.length, waiters.length]).sort(),
  ).toEqual([
    ['a', 1, 0],
    ['b', 0, 1],
    ['c', 0, 1],
    ['xxx', 0, 1],
  ]);
  for (const { name, holders, waiters } of ours) {
    expect(name.length).toBeLessThanOrEqual(400);
    for (const { since } of [...holders, ...waiters]) expect(Number.isFinite(since)).toBe(true);
  }
  await redis.client.hdel(key, ...Object.keys(entries));
});
