// What is published in this process of waits and locks between machines: channels of node:diagnostics_channel, as of local ones.
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import { firstValueFrom, TimeoutError } from 'rxjs';
import { OwnerDiedError } from 'rxjs-threading';
import { channels } from 'rxjs-threading/monitor';
import type { RemoteLock } from 'rxjs-threading/redis';
import { afterEach, expect, it } from 'vitest';
import { onRedis } from '../support/on-redis.js';

const redis = onRedis();
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Of a channel, or the events of a tracing channel that are told beside their `end` and `asyncStart`, of one name. */
function heard(name: string, of: string, events: readonly string[] = []): string[] {
  const told: string[] = [];
  const names = events.length === 0 ? [name] : events.map((event) => `tracing:${name}:${event}`);
  for (const one of names) {
    const hear = (message: unknown) => {
      const { kind, name, id, face, outcome, machine } = message as Record<string, unknown>;
      const pid = (machine as { pid: number } | undefined)?.pid;
      const words = [one.split(':').at(-1), kind, id, face, outcome, pid].filter(
        (word) => word !== undefined,
      );
      if (name === of) told.push(words.join(' '));
    };
    subscribe(one, hear);
    ends.push(() => unsubscribe(one, hear));
  }
  return told;
}

it('a wait is told from its beginning to how it ended, and a lock until it is released', async () => {
  const [a, b] = redis.locks(2) as [RemoteLock, RemoteLock];
  const held = await a.hold();
  const waits = heard(channels.wait, a.name, ['start', 'asyncEnd']);
  const holds = heard(channels.hold, a.name, ['start', 'asyncEnd']);
  const [start, asyncEnd] = ['start RemoteLock 0 observable', 'asyncEnd RemoteLock 0 observable'];
  expect(await b.acquire({ timeout: 10 })).toBe(false);
  await expect(firstValueFrom(b.hold({ timeout: 10 }))).rejects.toBeInstanceOf(TimeoutError);
  expect(waits.splice(0)).toEqual([start, `${asyncEnd} timeout`, start, `${asyncEnd} timeout`]);
  b.hold().subscribe().unsubscribe();
  expect(waits.splice(0)).toEqual([start, `${asyncEnd} left`]);
  const next = b.hold().then((got) => got);
  expect(waits.splice(0)).toEqual([start]);
  await held.release();
  const got = await next;
  expect([waits, holds.splice(0)]).toEqual([[`${asyncEnd} woken`], [start]]);
  await got.release();
  expect(holds).toEqual([asyncEnd]);
});

it('a lock that is lost is told of once, and so is the owner that died with it', async () => {
  const machines = redis.machines();
  const lock = machines.lock('lost');
  const holds = heard(channels.hold, 'lost', ['start', 'asyncEnd']);
  const deaths = heard(channels.ownerDied, 'lost');
  const held = await lock.hold();
  await redis.endSession(machines.session);
  while (held.valid) await pause(5);
  await firstValueFrom(held.lost$, { defaultValue: undefined });
  await held.release();
  expect(holds).toEqual(['start RemoteLock 0 observable', 'asyncEnd RemoteLock 0 observable']);
  await expect(firstValueFrom(lock.hold())).rejects.toBeInstanceOf(OwnerDiedError);
  expect(deaths).toEqual([`owner-died RemoteLock 0 ${process.pid}`]);
});

it('things of all kinds are told by their class', async () => {
  const machines = redis.shared(0);
  const told: unknown[] = [];
  const hear = (message: unknown) => told.push((message as { kind: string }).kind);
  const start = channel(`tracing:${channels.wait}:start`);
  start.subscribe(hear);
  ends.push(() => start.unsubscribe(hear));
  await (await machines.semaphore('permits', 1).hold()).release();
  await machines.event('event').wait({ timeout: 5 });
  await machines.barrier('barrier', 1).wait();
  const condition = machines.condition(machines.rlock('guard'));
  expect(await condition.wait(await condition.hold(), { timeout: 5 })).toBe(false);
  expect(told).toEqual(['RemoteSemaphore', 'RemoteEvent', 'RemoteBarrier', 'RemoteLock', 'RemoteCondition']);
});
