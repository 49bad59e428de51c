import { OwnerDiedError } from 'rxjs-threading';
import type { RemoteLock } from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';
import { onRedis } from '../support/on-redis.js';

const redis = onRedis({ lease: 10_000 });

/** How the wait of one who comes next ended, and when; ms of performance.now(). */
function told(lock: RemoteLock): Promise<{ readonly error: unknown; readonly at: number }> {
  return lock.hold().then(
    (held) => {
      held.release();
      return { error: undefined, at: performance.now() };
    },
    (error: unknown) => ({ error, at: performance.now() }),
  );
}

describe('the keeper, by a lease of ten seconds', () => {
  for (const how of ['exit', 'throw', 'SIGTERM'] as const) {
    it(`says goodbye at the end of the process, by ${how}: the next owner is told before it is reaped`, async () => {
      await redis.shared(0).open();
      for (let round = 0; round < 3; round++) {
        const [lock] = redis.locks(1) as [RemoteLock];
        const machine = await redis.machine({ lock: lock.name });
        await machine.do('hold');
        const next = told(lock);
        if (how === 'SIGTERM') machine.signal(how);
        else void machine.ask(how);
        const { error, at } = await next;
        expect(error).toBeInstanceOf(OwnerDiedError);
        // 50 ms: both are told by the loop of this process.
        expect(at).toBeLessThan((await machine.exited) + 50);
      }
    });
  }

  it('sees at once that a process of the same machine was killed', async () => {
    for (let round = 0; round < 3; round++) {
      const [lock] = redis.locks(1) as [RemoteLock];
      const machine = await redis.machine({ lock: lock.name });
      await machine.do('hold');
      const next = told(lock);
      while ((await redis.waiting(`l:${lock.name}`)) === 0);
      // It looks at its neighbours once it has waited for a moment.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const killed = performance.now();
      machine.signal('SIGKILL');
      const { error, at } = await next;
      expect(error).toBeInstanceOf(OwnerDiedError);
      expect(at - killed).toBeLessThan(3000);
    }
  });
});

describe('the keeper, by a lease of a second', () => {
  it('keeps what is held while the event loop is blocked for longer than that', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const machine = await redis.machine({ lock: lock.name, lease: 1000 });
    await machine.do('hold');
    let others = 0;
    const next = lock.hold().subscribe((held) => {
      others++;
      held.release();
    });
    expect(await machine.do('block', 3000)).toEqual({ valid: true });
    expect(others).toBe(0);
    await machine.do('release');
    while (others === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    next.unsubscribe();
  });

  it('frees what a killed process held when its lease is over, or sooner', async () => {
    const [lock] = redis.locks(1) as [RemoteLock];
    const machine = await redis.machine({ lock: lock.name, lease: 1000 });
    await machine.do('hold');
    const next = told(lock);
    const killed = performance.now();
    machine.signal('SIGKILL');
    const { error, at } = await next;
    expect(error).toBeInstanceOf(OwnerDiedError);
    // The lease, 300 ms, and what a loaded machine needs to run the two processes.
    expect(at - killed).toBeLessThan(1000 + 300 + 2500);
  });
});
