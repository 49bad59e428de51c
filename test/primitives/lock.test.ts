import { getIdent, Lock, RLock, ThreadError } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

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
