import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { Redis } from 'ioredis';
import { filter, firstValueFrom, lastValueFrom, TimeoutError, take, toArray } from 'rxjs';
import {
  EngineError,
  LockLostError,
  Machines,
  type MachinesOptions,
  type RemoteLock,
} from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';
import { endWithTest } from '../support/children.js';
import { onRedis } from '../support/on-redis.js';
import { freePort, redisServer } from '../support/redis-server.js';
import { runFixture } from '../support/run-fixture.js';
import { slowLink } from '../support/slow-link.js';
import { tcpProxy } from '../support/tcp-proxy.js';

const redis = onRedis();

describe('a Machines', () => {
  it('refuses bad options at the call', () => {
    const good = { connection: redis.server.url, namespace: 'n' };
    const bad: [object | undefined, RegExp][] = [
      [undefined, /options must be an object, got undefined/],
      [{ ...good, typo: 1 }, /there is no option typo/],
      [
        { ...good, connection: undefined },
        /connection must be the text of a URL, ioredis options or a function, got undefined/,
      ],
      // Each would be taken for a connection to this machine.
      [{ ...good, connection: new URL('redis://:secret@x') }, /connection must be .* got \[object URL\]$/],
      [{ ...good, connection: Promise.resolve({}) }, /connection must be .* got \[object Promise\]$/],
      [
        { ...good, connection: { url: 'redis://x' } },
        /connection must not have a url: a URL is given as it is/,
      ],
      [{ ...good, connection: { socket: { host: 'x' } } }, /connection must not have a socket/],
      [{ ...good, connection: 'redis://:secret@x:99999' }, /got 'redis:\/\/\.\.\.@x:99999'$/],
      [{ ...good, connection: 'redis://x/shop' }, /db of connection must be a whole number .* got 'shop'/],
      [{ ...good, connection: { db: -1 } }, /db of connection must be a whole number .* got -1/],
      [{ ...good, connection: { port: 70_000 } }, /port of connection must be a whole number .* got 70000/],
      [{ ...good, connection: 'http://x' }, /connection must be a redis:\/\/ .* got 'http:\/\/x'/],
      [{ ...good, connection: 'redis://x:99999' }, /connection must be .* got 'redis:\/\/x:99999'/],
      [{ ...good, connection: [] }, /connection must be ioredis options, .* got \[\]/],
      [{ ...good, connection: redis.client }, /connection must be ioredis options, .* got a connection/],
      [{ ...good, connection: { Connector: Object } }, /connection must not have a Connector/],
      [
        { ...good, connection: { keyPrefix: 'a:' } },
        /connection must not have a keyPrefix: the namespace is one/,
      ],
      [
        { ...good, connection: 'redis://127.0.0.1:1?keyPrefix=a:' },
        /connection must not have a keyPrefix: the namespace is one/,
      ],
      [
        { ...good, connection: { password: 'secret', tls: { x() {} } } },
        /connection must be what another thread can be sent: connection\.tls\.x is a function$/,
      ],
      [{ ...good, namespace: 1 }, /namespace must be a string, got 1/],
      [{ ...good, namespace: 'a b' }, /namespace must be 1 to 64 of .* got 'a b'/],
      [{ ...good, name: 1 }, /name must be a string, got 1/],
      [{ ...good, lease: 499 }, /lease must be a whole number from 500 to 600000, got 499/],
      [{ ...good, lease: '1' }, /lease must be a number, got '1'/],
      [{ ...good, grace: 1 }, /grace must be a boolean, got 1/],
      [{ ...good, replicas: -1 }, /replicas must be a whole number from 0 to 100, got -1/],
      [{ ...good, codec: {} }, /codec must have encode and decode, got \{\}/],
    ];
    for (const [options, message] of bad)
      expect(() => new Machines(options as MachinesOptions)).toThrow(message);
  });

  it('takes any name of 1 to 200 characters that comes back from the engine as it went', async () => {
    const machines = redis.machines();
    for (const name of ['a b  c ', 'l:x/1 *', '{}:%s', '\u{1F4A5}\u2028', '\u{1F4A5}'.repeat(200)]) {
      const locked = firstValueFrom(machines.lock(name).locked$.pipe(filter((is) => is)));
      const held = await machines.lock(name).hold();
      expect([await locked, held.name]).toEqual([true, name]);
      await held.release();
    }
    for (const name of ['', 'x'.repeat(201), 'a\nb', '\0', '\uD800', 'a\uDC00b', 1])
      expect(() => machines.event(name as string)).toThrow(/^name must be .* got /s);
  });

  it('connects when something is first asked, and tells its states', async () => {
    const machines = redis.machines();
    const states = firstValueFrom(machines.state$.pipe(take(2), toArray()));
    expect(machines.valid).toBe(false);
    expect(await machines.open()).toBe(machines);
    expect(await states).toEqual(['connecting', 'open']);
    expect(machines.valid).toBe(true);
    expect(await machines.open({ timeout: 1000 })).toBe(machines);
  });

  it('takes ioredis options and a function that makes a connection, too', async () => {
    const { port } = redis.server;
    const { Redis } = await import('ioredis');
    for (const connection of [{ port }, () => new Redis({ port, lazyConnect: true })]) {
      const machines = redis.machines({ connection });
      await (await machines.lock('by options').hold()).release();
    }
    const none = redis.machines({ connection: () => 1 });
    await expect(none.open().then()).rejects.toThrow('connection must make an ioredis connection, got 1');
    await expect(none.lock('x').hold().then()).rejects.toBeInstanceOf(TypeError);
    const { Cluster } = await import('ioredis');
    const cluster = redis.machines({ connection: () => new Cluster([{ port }], { lazyConnect: true }) });
    await expect(cluster.open().then()).rejects.toThrow('to one engine, or by Sentinels, got a Cluster');
  });

  it('opens with the error where the engine refuses, and with a TimeoutError where nobody answers', async () => {
    const evicts = await redisServer({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] });
    const wrong = redis.machines({ connection: evicts.url });
    await expect(wrong.open().then()).rejects.toThrow(/maxmemory-policy must be noeviction, got allkeys-lru/);
    await expect(wrong.lock('x').hold().then()).rejects.toBeInstanceOf(EngineError);
    await evicts.stop();
    const away = redis.machines({ connection: `redis://127.0.0.1:${await freePort()}` });
    const error = firstValueFrom(away.errors$);
    const late = await away.open({ timeout: 300 }).then(null, (late) => late);
    expect(late).toBeInstanceOf(TimeoutError);
    expect(late.message).toBe(`open of namespace ${away.namespace} ran into its timeout of 300 ms`);
    expect(late.cause).toMatchObject({ code: 'ERR_ENGINE', outOfReach: true });
    expect(await error).toMatchObject({ code: 'ERR_ENGINE', outOfReach: true });
    const secret = await redisServer({ args: ['--requirepass', 'secret'] });
    await expect(redis.machines({ connection: secret.url }).open().then()).rejects.toThrow(/NOAUTH/);
    const known = redis.machines({ connection: secret.url.replace('//', '//:secret@') });
    await known.open();
    await known.close();
    await secret.stop();
  });

  it('goes to no other database where the engine refuses that of its connection', async () => {
    const small = await redisServer({ args: ['--databases', '2'] });
    const uses: ((machines: Machines) => PromiseLike<unknown>)[] = [
      (machines) => machines.lock('x').hold(),
      (machines) => machines.pool('x').failed(),
    ];
    for (const use of uses) {
      const machines = redis.machines({ connection: `${small.url}/2` });
      const told = firstValueFrom(machines.errors$);
      const failed = use(machines).then(null, () => 'failed');
      expect((await told).message).toMatch(/DB index is out of range/);
      await machines.close();
      expect(await failed).toBe('failed');
    }
    const first = new Redis(small.url);
    expect(await first.dbsize()).toBe(0);
    first.disconnect();
    await small.stop();
  });

  it('tells once of an engine that does not say whether it evicts keys', async () => {
    // The server's own answers, without that word.
    const hiding = createServer((near) => {
      const far = connect(redis.server.port, '127.0.0.1');
      near.pipe(far);
      far.on('data', (data) =>
        near.write(data.toString('latin1').replace('maxmemory_policy', 'not_what_it_says'), 'latin1'),
      );
      for (const one of [near, far]) one.on('error', () => {});
      near.once('close', () => far.destroy());
    }).listen(0, '127.0.0.1');
    await once(hiding, 'listening');
    const { port } = hiding.address() as AddressInfo;
    const machines = redis.machines({ connection: `redis://127.0.0.1:${port}` });
    const told: string[] = [];
    machines.errors$.subscribe(({ message }) => told.push(message));
    await (await machines.lock('hidden').hold()).release();
    expect(told).toEqual(['the engine does not tell its maxmemory-policy, which must be noeviction']);
    await machines.close();
    hiding.close();
  });

  it('refuses a namespace that another version of the protocol uses', async () => {
    await redis.client.hset('{other}:meta', 'protocol', '99');
    const machines = redis.machines({ namespace: 'other' });
    await expect(machines.open().then()).rejects.toThrow(/used with protocol 99/);
  });

  it('that is closed has released what it held, and fails what waits and whatever is asked', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const [machines, other] = [redis.machines(), redis.machines()];
    const held = await machines.lock(lock.name).hold();
    const elsewhere = await other.lock('elsewhere').hold();
    const lost = firstValueFrom(held.lost$);
    const waits = ended(machines.lock('elsewhere'));
    while ((await redis.waiting('l:elsewhere')) === 0);
    await machines[Symbol.asyncDispose]();
    expect(await waits).toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'closed' });
    expect(await lost).toMatchObject({ reason: 'closed', token: held.token });
    expect(held.signal.reason).toBeInstanceOf(LockLostError);
    expect([held.valid, machines.valid]).toEqual([false, false]);
    await expect(machines.lock(lock.name).hold().then()).rejects.toMatchObject({ reason: 'closed' });
    await expect(machines.open().then()).rejects.toMatchObject({ reason: 'closed' });
    await machines.close();
    (await lock.hold()).release();
    elsewhere.release();
    await other.close();
    // Those of the shared ones have nothing left, either.
    expect(await redis.client.keys('{test}:o:*')).toEqual([]);
  });

  it('that is closed has released what it held, also where its link has just been broken', async () => {
    const link = await tcpProxy(redis.server.port);
    const machines = redis.machines({ connection: link.url, lease: 10_000 });
    await machines.lock('broken').hold();
    link.cut();
    link.open();
    await machines.close();
    expect(await redis.client.keys('{test}:h:l:broken')).toEqual([]);
    await link.close();
  });

  it('that is closed before it was used takes nothing any more', async () => {
    const machines = redis.machines();
    await machines.close();
    const asked: [string, () => PromiseLike<unknown>][] = [
      ['ERR_LOCK_LOST', () => machines.lock('x').hold()],
      ['ERR_LOCK_LOST', () => machines.lock('x').locked()],
      ['ERR_LOCK_LOST', () => machines.event('x').set()],
      ['ERR_LOCK_LOST', () => machines.event('x').wait({ timeout: 0 })],
      ['ERR_LOCK_LOST', () => machines.enumerate()],
      ['ERR_LOCK_LOST', () => machines.open()],
      ['ERR_POOL', () => machines.pool('x').run({ module: import.meta.url, export: 'x' } as never)],
      ['ERR_POOL', () => machines.pool('x').failed()],
    ];
    for (const [code, ask] of asked) await expect(ask().then()).rejects.toMatchObject({ code });
    const module = { runJob: { module: import.meta.url, export: 'runJob' } };
    expect(() => machines.serve('x', { module })).toThrow(expect.objectContaining({ code: 'ERR_POOL' }));
    expect(await lastValueFrom(machines.lock('x').locked$, { defaultValue: 'none' })).toBe('none');
    expect(await redis.client.keys('{test}:h:l:x')).toEqual([]);
  });

  it('that is closed twice is closed once, and both times waited for', async () => {
    const machines = redis.machines();
    await machines.lock('twice').hold();
    const { session } = machines;
    void machines.close();
    await machines.close();
    expect(await redis.client.zscore('{test}:ses', session)).toBeNull();
  });

  it('tells of a change that its session came too late for', async () => {
    const machines = redis.machines();
    const errors: Error[] = [];
    machines.errors$.subscribe((error) => errors.push(error));
    const lock = machines.lock('noticed');
    const changes = [
      () => machines.event('late').set(),
      () => machines.event('late').clear(),
      () => machines.barrier('late', 2).abort(),
      () => machines.barrier('late', 2).reset(),
      () => machines.condition(lock).notify(),
    ];
    for (const change of changes) {
      await lock.hold().then(undefined, () => lock.hold());
      const { session } = machines;
      await redis.endSession(session);
      await expect(change()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'expired' });
      expect(errors.splice(0)).toMatchObject([{ message: /may not have been done: the session is over/ }]);
      while (machines.session === session) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await machines.event('late').isSet()).toBe(false);
  });

  it('goes on with another session when its keeper fails: what it held and waited for is over', async () => {
    const { stdout, code } = await runFixture('redis/keeper-fails.js', { args: [redis.server.url] });
    expect([code, stdout.split('\n').slice(0, -1)]).toEqual([
      0,
      ['lost expired', 'wait ERR_LOCK_LOST', 'over', 'connecting', 'open', 'again true'],
    ]);
  });

  it('goes on with another session after one was lost: what it held and waited for is over', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const machines = redis.machines();
    const held = await machines.lock('mine').hold();
    await lock.hold();
    const waits = ended(machines.lock(lock.name));
    while ((await redis.waiting(`l:${lock.name}`)) === 0);
    const states: string[] = [];
    machines.state$.subscribe((state) => states.push(state));
    const { session } = machines;
    await redis.endSession(session);
    expect(await waits).toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'expired' });
    expect([held.valid, held.signal.aborted, held.released]).toEqual([false, true, false]);
    expect(held.signal.reason).toBeInstanceOf(LockLostError);
    expect(() => held.check()).toThrow(held.signal.reason);
    expect(() => held.check()).toThrow('mine is lost: its lease is over');
    await held.release();
    (await machines.lock('again').hold()).release();
    expect(machines.session).not.toBe(session);
    expect(states).toEqual(['open', 'over', 'connecting', 'open']);
    await lock.release();
  });

  it('tells of a renewal that took more than a third of the lease, by whatever number of attempts', async () => {
    const link = await tcpProxy(redis.server.port);
    const lease = 3000;
    const machines = redis.machines({ connection: link.url, lease });
    const held = await machines.lock('slow').hold();
    const told = firstValueFrom(machines.errors$.pipe(filter(({ message }) => /renewal/.test(message))));
    link.stall('back');
    // Its keeper waits no longer for that answer.
    await firstValueFrom(machines.state$.pipe(filter((state) => state === 'cut')));
    link.open();
    const { message, code } = (await told) as EngineError;
    const took = Number(/^a renewal took (\d+) ms of a lease of 3000 ms$/.exec(message)?.[1]);
    expect(took).toBeGreaterThan(lease / 3);
    expect([code, held.valid]).toEqual(['ERR_ENGINE', true]);
    await link.close();
  });

  it('gives back what the engine keeps for it and nobody here knows of', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const { session } = redis.shared(0);
    const key = `l:${lock.name}`;
    // As if an answer had got lost together with whoever waited for it.
    await redis.client.zadd(`{test}:q:${key}`, 1, `${session}/stray`);
    await redis.client.hset(`{test}:o:${session}`, `${key} stray`, 'w 1');
    while ((await redis.waiting(key)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await redis.client.hexists(`{test}:o:${session}`, `${key} stray`)).toBe(0);
    // As if it had been left while the engine was out of reach.
    const watched = redis.shared(0).lock('watched').locked$.subscribe();
    await redis.client.hset(`{test}:o:${session}`, `${key} *`, '');
    await redis.client.hset('{test}:meta', `w:${key}`, session);
    while ((await redis.client.hexists('{test}:meta', `w:${key}`)) === 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await redis.client.hkeys(`{test}:o:${session}`)).toEqual(['l:watched *']);
    watched.unsubscribe();
  });

  it('keeps the process alive only while something is held, or waited for', async () => {
    const { url } = redis.server;
    expect(await runFixture('redis/ends.js', { args: [url, 'unused'] })).toMatchObject({
      code: 0,
      stdout: 'done\n',
    });
    expect(await runFixture('redis/ends.js', { args: [url, 'used'] })).toMatchObject({
      code: 0,
      stdout: 'done\n',
    });
    const begun = performance.now();
    expect(await runFixture('redis/ends.js', { args: [url, 'held'] })).toMatchObject({
      code: 0,
      stdout: 'done\n',
    });
    expect(performance.now() - begun).toBeGreaterThan(1500);
    const nobody = `redis://127.0.0.1:${await freePort()}`;
    const { stdout, code } = await runFixture('redis/ends.js', { args: [nobody, 'unreachable'] });
    expect([code, stdout]).toEqual([0, 'done\nERR_ENGINE\nfalse\n']);
    const noSentinel = { sentinels: [{ host: '127.0.0.1', port: await freePort() }], name: 'one' };
    for (const none of [nobody, JSON.stringify(noSentinel)])
      expect(await runFixture('redis/ends.js', { args: [none, 'left'] })).toMatchObject({
        code: 0,
        stdout: 'done\nleft\n',
      });
  });
});

it('that is closed keeps the process alive no longer, also where nobody answers as it connects', async () => {
  // The kernel takes two connections for a server that does not look at them, and drops the others.
  const listen = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    console.log(this.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  })`;
  const server = endWithTest(spawn(process.execPath, ['-e', listen]));
  const [port] = await once(server.stdout, 'data');
  const others = Array.from({ length: 4 }, () => connect(Number(port), '127.0.0.1').on('error', () => {}));
  const url = `redis://127.0.0.1:${Number(port)}`;
  const { code, stdout } = await runFixture('redis/closes.js', { args: [url] });
  expect([code, stdout]).toEqual([0, 'closed\ntrue\n']);
  for (const other of others) other.destroy();
  server.kill('SIGKILL');
});

it('that is closed keeps the process alive no longer, also where an answer is due', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const { code, stdout } = await runFixture('redis/closes.js', { args: [`redis://127.0.0.1:${port}`] });
  expect([code, stdout]).toEqual([0, 'closed\ntrue\n']);
  silent.close();
});

it('keeps the process alive no longer, as its serving is closed, also where nothing goes through the link', async () => {
  const link = await tcpProxy(redis.server.port);
  const heard = (stdout: string) => stdout.includes('a.txt') && link.stall();
  const { code, stdout } = await runFixture('redis/closes-serving.js', { args: [link.url], heard });
  expect([code, stdout]).toEqual([0, 'a.txt\nclosed\n']);
  await link.close();
});

it('that is closed as it connects leaves no connection', async () => {
  const link = await slowLink(redis.server.port, 30);
  const before = await clientIds();
  for (const ms of [50, 100, 150, 200]) {
    const machines = new Machines({ connection: link.url, namespace: 'closing', lease: 3000 });
    machines.open().subscribe({ error: () => {} });
    await new Promise((resolve) => setTimeout(resolve, ms));
    await machines.close();
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect((await clientIds()).filter((id) => !before.includes(id))).toEqual([]);
  link.close();
});

it('that is closed before its pools hear again leaves no rejection unhandled', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const link = await tcpProxy(redis.server.port);
  const machines = new Machines({ connection: link.url, namespace: 'deaf', lease: 1000 });
  const pool = machines.pool('deaf');
  const target = { module: import.meta.url, export: 'none' };
  pool.run(target).subscribe({ error: () => {} });
  await new Promise((resolve) => setTimeout(resolve, 300));
  link.cut();
  link.stall('back');
  await new Promise((resolve) => setTimeout(resolve, 500));
  await machines.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  await link.close();
});

async function clientIds(): Promise<string[]> {
  const list = String(await redis.client.client('LIST'))
    .trim()
    .split('\n');
  return list.map((client) => client.split(' ')[0] ?? '');
}

/** How a wait ends that is to fail. */
function ended(lock: RemoteLock): Promise<unknown> {
  return lock.hold().then(
    (held) => held,
    (error: unknown) => error,
  );
}
