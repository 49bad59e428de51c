import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { RemoteLock } from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';
import { endMachines, Machine } from '../support/machine.js';
import { onRedis } from '../support/on-redis.js';
import { type RedisServer, redisServer, replicaOf } from '../support/redis-server.js';
import { sessionsComeBack } from '../support/sessions-come-back.js';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.js';

const LEASE = 1000;
const redis = onRedis({ lease: LEASE });
let names = 0;

/** A process that has a lock, behind a link of its own, and one that waits for it, on a straight one. */
async function ownerAndNext(
  server: RedisServer,
  options: { store?: string; grace?: boolean; lease?: number } = {},
) {
  const link = await tcpProxy(server.port);
  const base = { namespace: 'faults', lease: LEASE, lock: `x${++names}`, grace: false, ...options };
  const owner = await Machine.start({ ...base, url: link.url, name: 'owner' });
  const next = await Machine.start({ ...base, url: server.url, name: 'next' });
  const { token } = await owner.do('hold');
  const nextHas = next.ask('hold');
  await waitsFor(server, base.lock);
  return { link, owner, next, nextHas, token: BigInt(String(token)), lock: base.lock };
}

async function waitsFor(server: RedisServer, lock: string): Promise<void> {
  const client = new Redis(server.url);
  while ((await client.zcard(`{faults}:q:l:${lock}`)) === 0) await pause(5);
  client.disconnect();
}

describe('the owner is stopped past its lease', () => {
  it('the next has the lock; awake, who looks at it writes nothing, and who carries the token is refused', async () => {
    const { link, owner, next, nextHas } = await ownerAndNext(redis.server, { store: redis.server.url });
    const writes = owner.ask('write');
    await pause(300);
    owner.signal('SIGSTOP');
    const stopped = Date.now();
    // Its keeper stops as well, so it is the end of the lease, or the look of nobody, that frees the lock.
    expect(await nextHas).toMatchObject({ failed: 'OwnerDiedError' });
    await next.do('hold');
    void next.ask('write');
    await pause(Math.max(0, stopped + 2 * LEASE - Date.now()));
    const resumed = Date.now();
    owner.signal('SIGCONT');
    const { answer } = await writes;
    expect(answer).toMatchObject({ looking: 0, fenced: 0 });
    // The trusting one would have written among the newer owner's writes.
    expect(Number(answer?.trusting)).toBeGreaterThan(0);
    expect(answer?.refused).toBe(answer?.trusting);
    const lost = await owner.next((said) => said.lost !== undefined);
    expect(lost).toMatchObject({ lost: 'expired', valid: false });
    expect(lost.at).toBeGreaterThanOrEqual(resumed);
    const tokens = (await redis.client.lrange('r', 0, -1)).map((line) => BigInt(line.split(' ')[0] ?? ''));
    expect(tokens).toEqual([...tokens].sort((a, b) => Number(a - b)));
    await endMachines();
    await link.close();
  });
});

describe("the owner's link", () => {
  const faults: [string, (link: TcpProxy) => void][] = [
    ['is cut', (link) => link.cut()],
    ['is stalled both ways', (link) => link.stall()],
    ['is stalled on the way there', (link) => link.stall('there')],
    ['is stalled on the way back', (link) => link.stall('back')],
  ];
  for (const [what, fault] of faults) {
    it(`${what} for good: the owner is told before the next has the lock, and goes on once it is mended`, async () => {
      const { link, owner, nextHas } = await ownerAndNext(redis.server);
      const { session } = await owner.do('look');
      const begun = Date.now();
      fault(link);
      const told = await nextHas;
      expect(told).toMatchObject({ failed: 'OwnerDiedError' });
      const lost = await owner.next((said) => said.lost !== undefined);
      expect(lost).toMatchObject({ lost: 'expired', valid: false });
      expect(lost.at).toBeLessThanOrEqual(told.at);
      expect(lost.at - begun).toBeLessThanOrEqual(LEASE + 100);
      link.open();
      await owner.do('hold');
      const after = await owner.do('look');
      expect(after).toMatchObject({ valid: true });
      expect(after.session).not.toBe(session);
      await endMachines();
      await link.close();
    });

    if (what.includes('way ')) continue;
    it(`${what} for less than a lease: nobody notices`, async () => {
      const { link, owner, nextHas, token } = await ownerAndNext(redis.server);
      fault(link);
      await pause(LEASE / 3);
      link.open();
      await pause(LEASE);
      expect(await owner.do('look')).toMatchObject({ valid: true });
      await owner.do('release');
      const { answer } = await nextHas;
      expect(BigInt(String(answer?.token)) > token).toBe(true);
      await endMachines();
      await link.close();
    });
  }

  it('is cut and mended many times: a release and a wait reach the engine, and nothing is left behind', async () => {
    const link = await tcpProxy(redis.server.port);
    const machines = redis.machines({ connection: link.url });
    const [lock] = redis.locks(1) as [RemoteLock];
    const far = machines.lock(lock.name);
    await machines.open();
    for (let round = 0; round < 20; round++) {
      const held = await far.hold();
      if (round % 2) link.cut();
      const released = held.release();
      const next = lock.hold().then();
      const left = far.hold().subscribe((late) => late.release());
      if (round % 2 === 0) link.cut();
      await pause(20 * Math.random());
      link.open();
      await released;
      (await next).release();
      await pause(10 * Math.random());
      left.unsubscribe();
    }
    (await lock.hold()).release();
    while ((await redis.client.hlen(`{test}:o:${machines.session}`)) > 0) await pause(20);
    await machines.close();
    await link.close();
  });
});

describe('the engine', () => {
  for (const [what, args] of [
    ['without its memory', []],
    ['with its memory', ['--appendonly', 'yes', '--appendfsync', 'always']],
  ] as const) {
    it(`is killed and started ${what}: the owner keeps its lock, the next waits and has it after the release`, async () => {
      // Of it the engine's start takes what a loaded machine needs.
      const lease = 2500;
      let server = await redisServer({ args });
      const { port, dir } = server;
      const { link, owner, next, nextHas, token } = await ownerAndNext(server, { grace: true, lease });
      let early = false;
      void nextHas.then(() => {
        early = true;
      });
      await pause(lease / 4);
      await server.stop('SIGKILL');
      server = await redisServer({ port, args, ...(args.length > 0 && { dir }) });
      await pause(1.5 * lease);
      expect([await owner.do('look'), early]).toMatchObject([{ valid: true }, false]);
      await owner.do('release');
      const { answer, failed } = await nextHas;
      expect(failed).toBeUndefined();
      expect(BigInt(String(answer?.token)) > token).toBe(true);
      expect(await next.do('look')).toMatchObject({ valid: true });
      expect(owner.said.filter((said) => said.lost !== undefined)).toEqual([]);
      await endMachines();
      await link.close();
      await server.stop('SIGKILL');
    });
  }

  it('forgets all, and a stranger is first: it gets nothing while an owner of before may come back', async () => {
    let server = await redisServer();
    const { port } = server;
    const link = await tcpProxy(port);
    // Long enough for a process to connect.
    const base = { namespace: 'faults', lease: 10_000, lock: 'x' };
    const owner = await Machine.start({ ...base, url: link.url, name: 'owner' });
    const stranger = new Machine({ ...base, url: server.url, name: 'stranger' });
    await stranger.next((said) => said.ready === true);
    const { token } = await owner.do('hold');
    link.cut();
    await server.stop('SIGKILL');
    // Late in a second: the next is soon, and the engine then says that it has run for one.
    await pause((1850 - (Date.now() % 1000)) % 1000);
    server = await redisServer({ port });
    await stranger.do('open');
    const strangerHas = stranger.ask('hold');
    let early = false;
    void strangerHas.then(() => {
      early = true;
    });
    await pause(200);
    link.open();
    await pause(3000);
    expect([await owner.do('look'), early]).toMatchObject([{ valid: true }, false]);
    await owner.do('release');
    const { answer } = await strangerHas;
    expect(BigInt(String(answer?.token)) > BigInt(String(token))).toBe(true);
    await endMachines();
    await link.close();
    await server.stop('SIGKILL');
  });

  it('forgets all, and one of a shorter lease is back first: it gets nothing while an owner believes in its own', async () => {
    let server = await redisServer();
    const { port } = server;
    const link = await tcpProxy(port);
    const base = { namespace: 'faults', lock: 'x' };
    const owner = await Machine.start({ ...base, lease: 20_000, url: link.url, name: 'owner' });
    const short = await Machine.start({ ...base, lease: 600, url: server.url, name: 'short' });
    await owner.do('hold');
    // It has renewed since, and so has heard of the other's lease.
    await pause(1000);
    link.cut();
    await server.stop('SIGKILL');
    server = await redisServer({ port });
    const client = new Redis(server.url);
    let early = false;
    // On a loaded machine its own session may end meanwhile, and its wait fails.
    const waits = async (): Promise<void> => {
      while ((await short.ask('hold')).answer === undefined);
      early = true;
    };
    void waits();
    await pause(3500);
    expect([await owner.do('look'), early]).toMatchObject([{ valid: true }, false]);
    link.open();
    while ((await client.hlen('{faults}:h:l:x')) === 0) await pause(20);
    // Its keeper has told the engine, and tells it in a moment.
    while ((await owner.do('look')).valid !== true) await pause(5);
    expect(owner.said.filter((said) => said.lost !== undefined)).toEqual([]);
    client.disconnect();
    await endMachines();
    await link.close();
    await server.stop('SIGKILL');
  });

  it('forgets a lock that was taken just before, whose owner is blocked: not valid until the owner has told of it', async () => {
    let server = await redisServer();
    const { port } = server;
    const about = { url: server.url, namespace: 'faults', lease: 6000, lock: 'young', name: 'owner' };
    const owner = await Machine.start(about);
    const held = await owner.do('hold');
    // Its keeper has not heard of the lock by then, and tells another engine of its session without it.
    const blocked = owner.ask('block', 4500);
    await server.stop('SIGKILL');
    server = await redisServer({ port });
    const client = new Redis(server.url);
    while ((await client.zcard('{faults}:ses')) === 0) await pause(20);
    expect(await client.exists('{faults}:h:l:young')).toBe(0);
    expect([held.valid, (await blocked).answer]).toEqual([true, { valid: false }]);
    while ((await owner.do('look')).valid !== true) await pause(20);
    expect(await client.hvals('{faults}:h:l:young')).toEqual([held.token]);
    expect(owner.said.filter((said) => said.lost !== undefined)).toEqual([]);
    client.disconnect();
    await endMachines();
    await server.stop('SIGKILL');
  });

  for (const heard of [true, false]) {
    it(`fails over to a replica that had ${heard ? '' : 'not '}heard of the grant: the owner keeps its lock`, async () => {
      const [one, two] = [await redisServer(), await redisServer()];
      const replica = await replicaOf(one, two);
      const link = await tcpProxy(one.port);
      const base = { namespace: 'faults', lease: 1500, lock: 'x', url: link.url };
      const owner = await Machine.start({ ...base, name: 'owner' });
      const next = await Machine.start({ ...base, name: 'next' });
      await owner.do('hold');
      await owner.do('release');
      if (!heard) await replica.replicaof('NO', 'ONE');
      const { token } = await owner.do('hold');
      let early = false;
      const nextHas = next.ask('hold');
      void nextHas.then(() => {
        early = true;
      });
      await waitsFor(one, 'x');
      await pause(500);
      if (heard) await replica.replicaof('NO', 'ONE');
      await one.stop('SIGKILL');
      link.turn(two.port);
      await pause(2500);
      expect([await owner.do('look'), early]).toMatchObject([{ valid: true }, false]);
      await owner.do('release');
      const { answer } = await nextHas;
      expect(BigInt(String(answer?.token)) > BigInt(String(token))).toBe(true);
      await endMachines();
      replica.disconnect();
      await link.close();
      await two.stop('SIGKILL');
    });
  }
});

describe('the wall clock', () => {
  it('jumps forward: what is held is not valid to whoever sees that, and back: it is', async () => {
    const owner = await redis.machine();
    await owner.do('hold');
    await owner.do('jump', 60_000);
    expect(await owner.do('look')).toMatchObject({ valid: false });
    await owner.do('jump', -120_000);
    expect(await owner.do('look')).toMatchObject({ valid: true });
  });
});

describe('many sessions', () => {
  // 50 of them: test/long/machines-reconnect.test.ts.
  it('come back after a cut with one attempt for each of their three connections', () =>
    sessionsComeBack(redis.server, 6, 5000));
});
