import { setTimeout as pause } from 'node:timers/promises';
import type { RemoteBarrier, RemoteEvent } from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';
import { onRedis } from '../support/on-redis.js';
import { tcpProxy } from '../support/tcp-proxy.js';

const redis = onRedis({ lease: 10_000 });
let names = 0;

describe('an answer that the link loses', () => {
  const bothWays = async (kind: 'event' | 'barrier') => {
    const link = await tcpProxy(redis.server.port);
    const machines = [redis.machines({ connection: link.url }), redis.shared(0)] as const;
    const name = `${kind}${++names}`;
    await Promise.all(machines.map((one) => one.open()));
    /** Does it, and what another does before it is done again. */
    const lose = async (
      change: () => Promise<void>,
      arrived: () => Promise<boolean>,
      meanwhile: () => unknown,
    ) => {
      link.stall('back');
      const changed = change();
      while (!(await arrived())) await pause(5);
      await meanwhile();
      link.cut();
      link.open();
      await changed;
    };
    return { link, machines, name, lose };
  };

  it('does not undo what others have done with the event since', async () => {
    const { link, machines, name, lose } = await bothWays('event');
    const [far, here] = machines.map((one) => one.event(name)) as [RemoteEvent, RemoteEvent];
    await lose(
      () => far.set(),
      async () => await here.isSet(),
      () => here.clear(),
    );
    expect(await here.isSet()).toBe(false);
    await here.set();
    await lose(
      () => far.clear(),
      async () => !(await here.isSet()),
      () => here.set(),
    );
    expect(await here.isSet()).toBe(true);
    while ((await redis.client.hlen(`{test}:o:${machines[0].session}`)) > 0) await pause(5);
    await link.close();
  });

  it('is asked for again, and if there are many of them Node warns of nothing', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    const { link, machines, name } = await bothWays('event');
    link.stall('back');
    const asked = Array.from({ length: 30 }, () => machines[0].event(name).isSet().then());
    await pause(50);
    link.cut();
    link.open();
    expect(await Promise.all(asked)).toEqual(Array(30).fill(false));
    process.off('warning', warned);
    expect(warnings).toEqual([]);
    await link.close();
  });

  it('breaks no round of the barrier that has begun since', async () => {
    const { link, machines, name, lose } = await bothWays('barrier');
    const [far, here] = machines.map((one) => one.barrier(name, 2)) as [RemoteBarrier, RemoteBarrier];
    const isBroken = async () => (await redis.client.hexists('{test}:meta', `b:b:${name}`)) === 1;
    await lose(
      () => far.abort(),
      isBroken,
      () => here.reset(),
    );
    expect(await isBroken()).toBe(false);
    await here.abort();
    let first: Promise<number> | undefined;
    const arrive = async () => {
      first = here.wait().then((index) => index);
      while ((await redis.waiting(`b:${name}`)) === 0) await pause(5);
    };
    await lose(
      () => far.reset(),
      async () => !(await isBroken()),
      arrive,
    );
    expect([await far.wait(), await first]).toEqual([1, 0]);
    await link.close();
  });
});
