import { Condition, type Held, Lock, RLock } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

describe.each([
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
])('the Held of a %s', (_, make) => {
  it('means nothing once a wait that let the lock go was left', async () => {
    const condition = new Condition(make());
    const held = await condition.hold();
    condition.wait().subscribe().unsubscribe();
    const other = await condition.hold();
    held.release();
    expect(condition.locked()).toBe(true);
    other.release();
    expect(condition.locked()).toBe(false);
  });

  it('is what it was while another in the thread leaves its wait', async () => {
    const condition = new Condition(make());
    await condition.acquire();
    const waiting = condition.wait().subscribe();
    const held = await condition.hold();
    waiting.unsubscribe();
    held.release();
    expect(condition.locked()).toBe(false);
  });

  it('counts again after a wait that came to its end, whoever left theirs meanwhile', async () => {
    const condition = new Condition(make());
    const held = await condition.hold();
    const notified = condition.wait().then((value) => value);
    await condition.acquire();
    const leaving = condition.wait().subscribe();
    const other = await condition.hold();
    leaving.unsubscribe();
    condition.notify();
    other.release();
    expect(await notified).toBe(true);
    expect(condition.locked()).toBe(true);
    held.release();
    expect(condition.locked()).toBe(false);
  });

  it('released while a wait has set it aside is released when that wait is over', async () => {
    const condition = new Condition(make());
    const held = await condition.hold();
    let lockedThen = false;
    const told = new Promise<void>((resolve) =>
      condition.wait().subscribe(() => {
        lockedThen = condition.locked();
        resolve();
      }),
    );
    held.release();
    await condition.acquire();
    condition.notify();
    condition.release();
    await told;
    expect(lockedThen).toBe(true);
    expect(condition.locked()).toBe(false);
  });

  it('released while a wait has set it aside means nothing when that wait is left', async () => {
    const condition = new Condition(make());
    const held = await condition.hold();
    const waiting = condition.wait().subscribe();
    held.release();
    await condition.acquire();
    waiting.unsubscribe();
    expect(condition.locked()).toBe(true);
    condition.release();
    expect(condition.locked()).toBe(false);
  });

  it('stays set aside through the waits of one waitFor, and is released after the last', async () => {
    const condition = new Condition(make());
    const held = await condition.hold();
    let ready = false;
    const done = condition.waitFor(() => ready).then((value) => value);
    held.release();
    for (const last of [false, true]) {
      await condition.acquire();
      ready = last;
      condition.notify();
      condition.release();
      if (!last) while (condition.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await done).toBe(true);
    expect(condition.locked()).toBe(false);
  });
});

describe('the Helds of an RLock that one thread has several of', () => {
  it('are released each for itself while a wait has let all of them go', async () => {
    const lock = new RLock();
    const condition = new Condition(lock);
    const outer = await lock.hold();
    const inner = await lock.hold();
    const notified = condition.wait().then((value) => value);
    expect(lock.count).toBe(0);
    inner.release();
    await lock.acquire();
    condition.notify();
    lock.release();
    expect(await notified).toBe(true);
    expect(lock.count).toBe(1);
    outer.release();
    expect(lock.locked()).toBe(false);
  });

  it('all count again when waits that overlap are over', async () => {
    const lock = new RLock();
    const condition = new Condition(lock);
    const held: Held[] = [];
    const waits: PromiseLike<boolean>[] = [];
    for (let waiter = 0; waiter < 3; waiter++) {
      held.push(lock.holdSync());
      waits.push(condition.wait().then((value) => value));
    }
    lock.acquireSync();
    condition.notifyAll();
    lock.release();
    expect(await Promise.all(waits)).toEqual([true, true, true]);
    expect(lock.count).toBe(3);
    for (const one of held) one.release();
    expect(lock.count).toBe(0);
  });

  it('are all set aside by the next wait, and left with it', async () => {
    const lock = new RLock();
    const condition = new Condition(lock);
    const first = await lock.hold();
    const back = condition.wait().then((value) => value);
    const second = await lock.hold();
    condition.notify();
    await back;
    expect(lock.count).toBe(2);
    const waiting = condition.wait().subscribe();
    const third = await lock.hold();
    waiting.unsubscribe();
    first.release();
    second.release();
    expect(lock.count).toBe(1);
    third.release();
    expect(lock.count).toBe(0);
  });
});
