import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { Barrier, Event, Lock, OwnerDiedError, RLock, Thread, ThreadPool } from 'rxjs-threading';
import { channels } from 'rxjs-threading/monitor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What was told while the test ran, as `channel name`. */
let told: { readonly channel: string; readonly context: Record<string, unknown> }[] = [];
const listeners = new Map<string, (context: unknown) => void>();

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
beforeEach(() => {
  told = [];
  const tracing = [channels.wait, channels.hold, channels.run].flatMap((name) =>
    EVENTS.map((event) => `tracing:${name}:${event}`),
  );
  for (const name of [...tracing, channels.ownerDied]) {
    const hear = (context: unknown): void => {
      told.push({ channel: name, context: { ...(context as object) } });
    };
    subscribe(name, hear);
    listeners.set(name, hear);
  }
});
afterEach(() => {
  for (const [name, hear] of listeners) unsubscribe(name, hear);
});

const events = (of: string): string[] =>
  told.filter(({ channel }) => channel.includes(of)).map(({ channel }) => channel.split(':').at(-1) ?? '');

describe('the channels', () => {
  it('tell of Observable waits as asynchronous, each with its own end', async () => {
    const lock = new Lock({ name: 'told' });
    await lock.acquire();
    expect(told).toEqual([]);
    const left = lock.acquire().subscribe();
    const granted = lock.acquire().then();
    left.unsubscribe();
    lock.release();
    await granted;
    expect(events('wait')).toEqual([
      'start',
      'end',
      'start',
      'end',
      'asyncStart',
      'asyncEnd',
      'asyncStart',
      'asyncEnd',
    ]);
    expect(told[0]?.context).toEqual({
      kind: 'Lock',
      name: 'told',
      id: lock.id,
      face: 'observable',
      owner: 4096,
    });
    expect(
      told.filter(({ channel }) => channel.endsWith('asyncEnd')).map(({ context }) => context.outcome),
    ).toEqual(['left', 'woken']);
  });

  it('tell of a blocking wait, with its outcome', () => {
    const lock = new Lock({ name: 'told' });
    lock.acquireSync();
    lock.acquireSync({ timeout: 10 });
    expect(events('wait')).toEqual(['start', 'end']);
    expect(told[1]?.context).toMatchObject({ face: 'blocking', outcome: 'timeout', name: 'told' });
  });

  it('tell of no wait that began before anybody listened, nor take its end for that of another', async () => {
    const lock = new Lock({ name: 'told' });
    await lock.acquire();
    for (const [name, hear] of listeners) unsubscribe(name, hear);
    const before = lock.acquire().subscribe();
    for (const [name, hear] of listeners) subscribe(name, hear);
    const after = lock.acquire().subscribe();
    before.unsubscribe();
    expect(events('wait')).toEqual(['start', 'end']);
    after.unsubscribe();
    expect(events('wait')).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  });

  it('tell of a blocking wait in whose end another one blocks', async () => {
    const action = (): void => (globalThis as unknown as { acted?: () => void }).acted?.();
    const barrier = new Barrier(1, { action, name: 'told' });
    const [acting, lock] = [new Event(), new Lock()];
    lock.acquireSync();
    const act = (one: Barrier, begun: Event): void => {
      const { cells } = one as unknown as { cells: Int32Array };
      const acted = (): void => {
        begun.set();
        // SLEEPERS: main waits by now.
        while ((Atomics.load(cells, 0) & (1 << 30)) === 0);
      };
      Object.assign(globalThis, { acted });
      one.waitSync();
    };
    const thread = new Thread({ target: act, args: [barrier, acting] }).start();
    acting.waitSync();
    Object.assign(globalThis, { acted: () => lock.acquireSync({ timeout: 10 }) });
    told = [];
    barrier.waitSync();
    Object.assign(globalThis, { acted: undefined });
    expect(
      told
        .filter(({ channel }) => channel.includes('wait'))
        .map(({ context }) => [context.kind, context.outcome]),
    ).toEqual([
      ['Barrier', undefined],
      ['Lock', undefined],
      ['Lock', 'timeout'],
      ['Barrier', 'woken'],
    ]);
    await thread.join();
  });

  it('tell how long was held what had to be waited for, and of nothing else', async () => {
    const [lock, rlock] = [new Lock({ name: 'held' }), new RLock({ name: 'held again' })];
    for (const one of [lock, rlock]) {
      await one.acquire();
      one.release();
    }
    expect(told).toEqual([]);
    await lock.acquire();
    const waits = lock.acquire().then();
    lock.release();
    await waits;
    expect(events('hold')).toEqual(['start', 'end']);
    lock.release();
    expect(events('hold')).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect(told.at(-1)?.context).toEqual({ kind: 'Lock', name: 'held', id: lock.id, face: 'observable' });

    const holder = (one: RLock, begun: Event): void => {
      one.acquireSync();
      begun.set();
      while (one.waiting === 0);
      one.release();
    };
    const begun = new Event();
    const thread = new Thread({ target: holder, args: [rlock, begun] }).start();
    begun.waitSync();
    told = [];
    rlock.acquireSync();
    rlock.acquireSync();
    rlock.release();
    expect(events('hold')).toEqual(['start']);
    rlock.release();
    expect(events('hold')).toEqual(['start', 'end']);
    expect(told.at(-1)?.context).toMatchObject({ kind: 'RLock', face: 'blocking' });
    rlock.acquireSync();
    rlock.release();
    expect(events('hold')).toEqual(['start', 'end']);
    await thread.join();
  });

  it('tell of the end of a hold that another thread has ended', async () => {
    const lock = new Lock({ name: 'handed on' });
    const releaseIt = (one: Lock): void => one.release();
    const holdIt = async (): Promise<void> => {
      await lock.acquire();
      const waits = lock.acquire().then();
      lock.release();
      await waits;
      told = [];
    };
    await holdIt();
    await new Thread({ target: releaseIt, args: [lock] }).start().join();
    while (events('hold').length < 2) await setImmediate();
    expect(events('hold')).toEqual(['asyncStart', 'asyncEnd']);

    // Acquired again before the event loop has turned.
    await holdIt();
    const released = new Event();
    const tellReleased = (one: Lock, event: Event): void => {
      one.release();
      event.set();
    };
    const thread = new Thread({ target: tellReleased, args: [lock, released] }).start();
    released.waitSync();
    lock.acquireSync();
    expect(events('hold')).toEqual(['asyncStart', 'asyncEnd']);
    lock.release();
    await thread.join();
    expect(events('hold')).toEqual(['asyncStart', 'asyncEnd']);
  });

  it('tell of an owner that has died', async () => {
    const lock = new RLock({ name: 'left' });
    const keep = (one: RLock): void => void one.acquireSync();
    const thread = new Thread({ target: keep, args: [lock] }).start();
    await thread.join();
    expect(() => lock.acquireSync()).toThrow(OwnerDiedError);
    expect(
      told.filter(({ channel }) => channel === channels.ownerDied).map(({ context }) => context),
    ).toEqual([{ kind: 'RLock', name: 'left', id: lock.id, owner: thread.ident }]);
  });

  it('tell of targets in the threads that run them', async () => {
    await using pool = new ThreadPool({ name: 'told', maxThreads: 1 });
    const listen = async (): Promise<void> => {
      const { subscribe: hear } = await import('node:diagnostics_channel');
      const heard: unknown[] = [];
      Object.assign(globalThis, { heard });
      for (const event of ['start', 'end', 'asyncStart', 'asyncEnd', 'error'])
        hear(`tracing:rxjs-threading:run:${event}`, (context) => {
          const { name, target, error } = context as Record<string, unknown>;
          heard.push([event, name, target, String(error)]);
        });
    };
    const fail = async (): Promise<never> => {
      throw new Error('failed');
    };
    const read = (): unknown => (globalThis as unknown as { heard: unknown[] }).heard.splice(0);
    await pool.run(listen);
    await expect(pool.run(fail, [], { name: 'one' })).rejects.toThrow('failed');
    expect(await pool.run(read, [], { name: 'two' })).toEqual([
      ['start', 'one', 'fail', 'undefined'],
      ['end', 'one', 'fail', 'undefined'],
      ['error', 'one', 'fail', 'Error: failed'],
      ['asyncStart', 'one', 'fail', 'Error: failed'],
      ['asyncEnd', 'one', 'fail', 'Error: failed'],
      ['start', 'two', 'read', 'undefined'],
    ]);
  });
});
