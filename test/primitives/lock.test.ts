import { concat, firstValueFrom, type Observable, of, Subject } from 'rxjs';
import { Event, getIdent, Lock, RLock, Thread, ThreadError, withLock } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { turns, until } from '../support/turns.js';

describe('Lock', () => {
  it('tells its owner, its waiters and its name', async () => {
    const lock = new Lock({ name: 'accounts' });
    expect(lock.name).toBe('accounts');
    expect(lock.owner).toBe(null);
    lock.acquireSync();
    expect(lock.owner).toBe(getIdent());
    const waits = [lock.acquire().subscribe(), lock.acquire().subscribe()];
    expect(lock.waiting).toBe(2);
    for (const wait of waits) wait.unsubscribe();
    expect(lock.waiting).toBe(0);
    expect(String(lock)).toMatch(/^<locked Lock object 'accounts' at #\d+>$/);
    lock.release();
    expect(String(lock)).toMatch(/^<unlocked Lock object 'accounts' at #\d+>$/);
    expect(new Lock().name).toMatch(/^Lock-\d+$/);
  });

  it('refuses to be released when unlocked, and stays as it is', () => {
    const lock = new Lock({ name: 'accounts' });
    expect(() => lock.release()).toThrow(ThreadError);
    expect(() => lock.release()).toThrow('release of accounts, which is not locked');
    expect(lock.locked()).toBe(false);
  });

  it('waits for itself', async () => {
    const lock = new Lock();
    lock.acquireSync();
    expect(lock.acquireSync({ timeout: 5 })).toBe(false);
    expect(await lock.acquire({ timeout: 5 })).toBe(false);
  });

  it.each([7, 'name', null, { name: 7 }])('refuses the options %o', (options) => {
    expect(() => new Lock(options as never)).toThrow(TypeError);
    expect(() => new RLock(options as never)).toThrow(TypeError);
  });
});

describe('RLock', () => {
  const holding = (lock: RLock, has: Event, go: Event): void => {
    lock.acquireSync();
    has.set();
    go.waitSync();
    lock.release();
  };
  /** Held by another thread until the event is set. */
  const heldElsewhere = async (lock: RLock): Promise<Event> => {
    const [has, go] = [new Event(), new Event()];
    new Thread({ target: holding, args: [lock, has, go] }).start();
    await has.wait();
    return go;
  };

  it('is entered by all that its owner has waited for meanwhile, as it is by what comes then', async () => {
    const lock = new RLock();
    const go = await heldElsewhere(lock);
    const all = Promise.all(
      [lock.acquire(), lock.hold(), lock.acquire()].map((wait) => firstValueFrom<unknown>(wait)),
    );
    expect(lock.waiting).toBe(3);
    go.set();
    await all;
    expect(lock.count).toBe(3);
    for (let level = 3; level > 0; level--) lock.release();
    expect(lock.locked()).toBe(false);
  });

  it('is not entered by what waits behind a section, whoever looks, but by what is the same owner', async () => {
    const lock = new RLock();
    const go = await heldElsewhere(lock);
    const [first, same, other] = [new Subject<void>(), new Subject<void>(), new Subject<void>()];
    const owner = {};
    const begun: string[] = [];
    const section = (name: string, inner: Observable<unknown>, options?: object): void => {
      const project = () => {
        begun.push(name);
        return inner;
      };
      of(1)
        .pipe(withLock(lock, project, options))
        .subscribe();
    };
    // The section within it ends with a look at the lock's queue, in the scope of the first.
    section('first', concat(of(1).pipe(withLock(lock)), first), { owner });
    section('same', same, { owner });
    section('other', other);
    lock.acquire().subscribe(() => begun.push('acquired'));
    go.set();
    await until(() => begun.length > 1);
    expect(begun).toEqual(['first', 'same']);
    first.complete();
    await turns(2);
    expect(begun).toEqual(['first', 'same']);
    same.complete();
    await until(() => begun.length > 2);
    expect(begun).toEqual(['first', 'same', 'other']);
    other.complete();
    await until(() => begun.length > 3);
    lock.release();
    expect(lock.locked()).toBe(false);
  });

  it('is entered again by its owner, in every face, and free after as many releases', async () => {
    const lock = new RLock();
    expect(lock.count).toBe(0);
    lock.acquireSync();
    await lock.acquire();
    const held = await lock.hold();
    expect(lock.acquireSync({ blocking: false })).toBe(true);
    expect(lock.acquireSync({ timeout: 10 })).toBe(true);
    expect(lock.count).toBe(5);
    expect(lock.owner).toBe(getIdent());
    held.release();
    for (let left = 4; left > 0; left--) {
      expect(lock.count).toBe(left);
      lock.release();
    }
    expect(lock.count).toBe(0);
    expect(lock.owner).toBe(null);
  });

  it('refuses to be released by any but its owner', () => {
    const lock = new RLock({ name: 'mine' });
    expect(() => lock.release()).toThrow(ThreadError);
    expect(() => lock.release()).toThrow('it is not locked');
    lock.acquireSync();
    lock.release();
    expect(() => lock.release()).toThrow(ThreadError);
  });

  it('describes itself', () => {
    const lock = new RLock({ name: 'mine' });
    lock.acquireSync();
    expect(String(lock)).toMatch(/^<locked RLock object 'mine' owner=\d+ count=1 at #\d+>$/);
  });
});
