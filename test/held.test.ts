import { Condition, Lock, RLock } from 'rxjs-threading';
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
});
