import { setTimeout as pause } from 'node:timers/promises';
import {
  finalize,
  firstValueFrom,
  from,
  lastValueFrom,
  NEVER,
  Observable,
  of,
  retry,
  TimeoutError,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { OwnerDiedError, ThreadError, withLock } from 'rxjs-threading';
import { LockLostError, type RemoteHeld, type RemoteLock } from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';
import { onRedis } from '../support/on-redis.js';

const redis = onRedis();

describe('a RemoteLock', () => {
  it('is held by one at a time, and goes to those that wait in the order they came', async () => {
    const [a, b, c] = redis.locks(3) as [RemoteLock, RemoteLock, RemoteLock];
    const order: string[] = [];
    const first = await a.hold();
    const enter = (name: string) => async (held: RemoteHeld) => {
      order.push(name);
      await held.release();
    };
    const waits = [];
    for (const [name, lock] of Object.entries({ b, c, a })) {
      waits.push(lock.hold().then(enter(name)));
      while ((await redis.waiting(`l:${lock.name}`)) < waits.length);
    }
    expect(order).toEqual([]);
    await first.release();
    await Promise.all(waits);
    expect(order).toEqual(['b', 'c', 'a']);
  });

  it('has a token above that of every earlier hold', async () => {
    const [a, b] = [redis.shared(0).lock('one'), redis.shared(1).lock('other')];
    let last = 0n;
    for (let round = 0; round < 10; round++) {
      const held = await (round % 2 ? a : b).hold();
      expect(held.token > last).toBe(true);
      expect(held.token < 2n ** 53n).toBe(true);
      last = held.token;
      held.release();
    }
  });

  it('is valid while it is held, and check says so', async () => {
    const held = await redis.shared(0).lock('checked').hold();
    expect([held.valid, held.released, held.signal.aborted, held.name]).toEqual([
      true,
      false,
      false,
      'checked',
    ]);
    held.check();
    const lost: unknown[] = [];
    const over = new Promise<void>((complete) =>
      held.lost$.subscribe({ next: (e) => lost.push(e), complete }),
    );
    await held.release();
    await over;
    expect([held.valid, held.released, held.signal.aborted, lost]).toEqual([false, true, false, []]);
    expect(() => held.check()).toThrow('checked has been released');
    await held.release();
  });

  it('is released by dispose, which sends it, and by asyncDispose, which waits for the answer', async () => {
    const lock = redis.shared(0).lock('disposed');
    const held = await lock.hold();
    held[Symbol.dispose]();
    const again = await lock.hold();
    await again[Symbol.asyncDispose]();
    expect(await lock.locked()).toBe(false);
  });

  it('emits false after the timeout, or at once when it must not block', async () => {
    const [a, b] = redis.locks(2) as [RemoteLock, RemoteLock];
    await a.hold();
    expect(await b.acquire({ blocking: false })).toBe(false);
    expect(await b.acquire({ timeout: 0 })).toBe(false);
    const begun = performance.now();
    expect(await b.acquire({ timeout: 60 })).toBe(false);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(60);
    await expect(b.hold({ timeout: 20 }).then()).rejects.toBeInstanceOf(TimeoutError);
    const said = `hold of ${b.name} ran into its timeout of 20 ms`;
    await expect(b.hold({ timeout: 20 }).then()).rejects.toThrow(said);
    expect(await redis.waiting(`l:${b.name}`)).toBe(0);
    await a.release();
    expect(await b.acquire({ timeout: 0 })).toBe(true);
    await b.release();
  });

  it('is left by unsubscribing and by an aborted signal, whose reason is the error', async () => {
    const [a, b] = redis.locks(2) as [RemoteLock, RemoteLock];
    const held = await a.hold();
    const left = b.hold().subscribe();
    while ((await redis.waiting(`l:${b.name}`)) < 1);
    left.unsubscribe();
    const abort = new AbortController();
    const aborted = b.hold({ signal: abort.signal }).then();
    abort.abort(new Error('mine'));
    await expect(aborted).rejects.toThrow('mine');
    await expect(b.hold({ signal: abort.signal }).then()).rejects.toThrow('mine');
    while ((await redis.waiting(`l:${b.name}`)) > 0);
    await held.release();
    expect(await a.locked()).toBe(false);
  });

  it('that is granted to one who has just left goes to the next', async () => {
    const [a, b] = redis.locks(2) as [RemoteLock, RemoteLock];
    for (let round = 0; round < 100; round++) {
      const held = await a.hold();
      const left = b.hold().subscribe((late) => late.release());
      if (round % 3 > 0) while ((await redis.waiting(`l:${b.name}`)) < 1);
      held.release();
      if (round % 3 === 2) await pause(Math.random());
      left.unsubscribe();
      (await a.hold({ timeout: 900 })).release();
    }
    expect(await a.locked()).toBe(false);
  });

  it('is released by the process that has it, and by no other', async () => {
    const [a, b] = redis.locks(2) as [RemoteLock, RemoteLock];
    await a.acquire();
    expect(() => b.release()).toThrow(ThreadError);
    expect(() => b.release()).toThrow(expect.objectContaining({ code: 'ERR_NOT_OWNER' }));
    await a.release();
    expect(() => a.release()).toThrow(`lock '${a.name}' is not held by this process`);
  });

  it('refuses bad names and options at the call', () => {
    const machines = redis.shared(0);
    for (const name of [1, undefined, null])
      expect(() => machines.lock(name as unknown as string)).toThrow(TypeError);
    for (const name of ['', 'a\n', 'a\0b', 'x'.repeat(201)])
      expect(() => machines.lock(name)).toThrow(RangeError);
    expect(() => machines.lock('x', { onOwnerDied: 'no' as 'error' })).toThrow(/onOwnerDied must be/);
    expect(() => machines.lock('x', { typo: 1 } as object)).toThrow(/there is no option typo/);
    const lock = machines.lock('x');
    expect(() => lock.acquire({ timeout: -1 })).toThrow(RangeError);
    expect(() => lock.hold({ timeout: 'a' as unknown as number })).toThrow(TypeError);
    expect(() => lock.acquire({ blocking: false, timeout: 1 })).toThrow(RangeError);
  });

  it('tells the next acquirer once that its owner died, and who that was', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const process = await redis.machine({ lock: lock.name });
    const { token } = await process.do('hold');
    const next = lock.hold().then();
    process.signal('SIGKILL');
    const error = await next.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OwnerDiedError);
    const { machine, owner, message } = error as OwnerDiedError;
    expect(machine).toMatchObject({ pid: process.child.pid, token: BigInt(String(token)) });
    expect([owner, message]).toEqual([0, expect.stringContaining(`died with lock '${lock.name}'`)]);
    (await lock.hold({ timeout: 900 })).release();
  });

  it("is granted over a dead owner with onOwnerDied: 'grant'", async () => {
    const [lock] = redis.locks(1, { onOwnerDied: 'grant' }) as [RemoteLock];
    const process = await redis.machine({ lock: lock.name });
    await process.do('hold');
    const next = lock.hold().then();
    process.signal('SIGKILL');
    const held = await next;
    expect([held.valid, held.abandoned?.pid]).toEqual([true, process.child.pid]);
    await held.release();
    expect((await lock.hold()).abandoned).toBeUndefined();
  });

  it('is not a death when an owner has closed, or its process ends with nothing in hand', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const a = redis.machines();
    await a.lock(lock.name).hold();
    const next = lock.hold().then();
    await a.close();
    (await next).release();
    const process = await redis.machine({ lock: lock.name });
    await process.do('hold');
    await process.do('release');
    process.signal('SIGKILL');
    await process.exited;
    (await lock.hold()).release();
  });
});

describe('withLock over a RemoteLock', () => {
  it('excludes sections of other processes, one value at a time', async () => {
    let [inside, most] = [0, 0];
    const section = (value: number) =>
      timer(2).pipe(
        tap({
          subscribe: () => {
            most = Math.max(most, ++inside);
          },
          finalize: () => {
            inside--;
          },
        }),
        tap(() => value),
      );
    const pipelines = redis
      .locks(3)
      .map((lock) => lastValueFrom(from([1, 2, 3, 4, 5]).pipe(withLock(lock, section), toArray())));
    for (const results of await Promise.all(pipelines)) expect(results).toHaveLength(5);
    expect([inside, most]).toEqual([0, 1]);
  });

  it('gives everything back when it is left, waiting and running', async () => {
    const [a, b] = redis.locks(2) as [RemoteLock, RemoteLock];
    const runs = of(1)
      .pipe(withLock(a, () => NEVER))
      .subscribe();
    while (!(await a.locked()));
    const waits = of(1)
      .pipe(withLock(b, () => NEVER))
      .subscribe();
    while ((await redis.waiting(`l:${b.name}`)) < 1);
    waits.unsubscribe();
    runs.unsubscribe();
    while (await b.locked());
    expect(await redis.waiting(`l:${b.name}`)).toBe(0);
  });

  it('tears its section down when the lease is lost, and ends with the LockLostError', async () => {
    const machines = redis.machines();
    const log: string[] = [];
    const over = new Promise<unknown>((resolve) => {
      of('value')
        .pipe(withLock(machines.lock('torn'), () => NEVER.pipe(finalize(() => log.push('torn down')))))
        .subscribe({ error: resolve });
    });
    while (!(await machines.lock('torn').locked()));
    const { session } = machines;
    await redis.endSession(session);
    const error = await over;
    expect(error).toBeInstanceOf(LockLostError);
    expect(error).toMatchObject({
      reason: 'expired',
      code: 'ERR_LOCK_LOST',
      cause: { index: 0, value: 'value' },
    });
    expect(log).toEqual(['torn down']);
    expect(machines.session).not.toBe(session);
    await expect(machines.lock('torn').hold().then()).rejects.toBeInstanceOf(OwnerDiedError);
    (await machines.lock('torn').hold()).release();
  });

  it('takes the lock anew by a retry behind it, which goes on in a section of its own', async () => {
    const machines = redis.machines();
    const [lock, tokens, log] = [machines.lock('again'), [] as bigint[], [] as string[]];
    const section = (value: string) =>
      new Observable<string>((subscriber) => {
        log.push('begins');
        if (log.length > 1) subscriber.next(value);
        if (log.length > 1) subscriber.complete();
        return () => log.push('ends');
      });
    const owners = lock.owner$.subscribe((owner) => owner !== null && tokens.push(owner.token));
    const value = firstValueFrom(of('value').pipe(withLock(lock, section), retry({ delay: 20 })));
    while (tokens.length === 0) await pause(5);
    await redis.endSession(machines.session);
    // The first that comes next is told that its owner has lost it.
    expect(await value).toBe('value');
    expect(log).toEqual(['begins', 'ends', 'begins', 'ends']);
    owners.unsubscribe();
    expect(await lock.locked()).toBe(false);
  });
});

it('of any name has no key in common with the jobs of a pool of any name', async () => {
  const machines = redis.machines();
  const left = machines
    .pool('l')
    .run({ module: import.meta.url, export: 'none' }, [])
    .subscribe();
  while ((await redis.client.keys('*l:wait*')).length === 0) await pause(5);
  for (const name of ['meta', 'wait', 'id', 'events']) {
    const held = await machines.lock(name).hold();
    expect(await redis.shared(0).lock(name).acquire({ timeout: 5 })).toBe(false);
    await held.release();
  }
  left.unsubscribe();
});
