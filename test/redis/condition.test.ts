import { from, lastValueFrom, toArray } from 'rxjs';
import { awaitCondition } from 'rxjs-threading';
import { Machines, type RemoteHeld } from 'rxjs-threading/redis';
import { expect, it } from 'vitest';
import { heard, says } from './support/heard.js';
import { inEachPlace } from './support/places.js';

/** Once so many wait to be notified. */
function waiting(machines: Machines, count: number): Promise<unknown> {
  return heard(
    machines.snapshot$({ every: 5 }),
    ({ things }) => (things.find(({ kind }) => kind === 'condition')?.waiters.length ?? 0) === count,
  );
}

inEachPlace((place) => {
  const conditionOf = (machines: Machines) => machines.condition(machines.lock(place.name));

  it('lets the lock go, and has it again with a newer token once notified', async () => {
    const [here, there] = [conditionOf(place.a), conditionOf(place.b)];
    const first = await here.hold();
    const again = here.wait(first).then((held) => held);
    await waiting(place.a, 1);
    expect(first.released).toBe(true);
    const other = await there.hold();
    await there.notify();
    await says(place.a.lock(place.name).waiting$, 1);
    await other.release();
    const held = (await again) as RemoteHeld;
    expect(held.token).toBeGreaterThan(other.token);
    expect(held.valid).toBe(true);
    await held.release();
    await says(place.b.lock(place.name).locked$, false);
  });

  it('wakes as many as are asked for, longest first', async () => {
    const [here, there] = [conditionOf(place.a), conditionOf(place.b)];
    const order: number[] = [];
    const waits = [];
    for (const [i, condition] of [here, there, here, there].entries()) {
      waits.push(
        condition.wait(await condition.hold()).then(async (held) => {
          order.push(i);
          await (held as RemoteHeld).release();
        }),
      );
      await waiting(place.a, i + 1);
    }
    const held = await there.hold();
    await there.notify(2);
    await waiting(place.a, 2);
    await held.release();
    await Promise.all(waits.slice(0, 2));
    expect(order).toEqual([0, 1]);
    const last = await here.hold();
    await here.notifyAll();
    await here.notify();
    await last.release();
    await Promise.all(waits);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('says false after the timeout, and has not the lock then', async () => {
    const here = conditionOf(place.a);
    expect(await here.wait(await here.hold(), { timeout: 10 })).toBe(false);
    await says(place.b.lock(place.name).locked$, false);
    await waiting(place.a, 0);
  });

  it('left, it does not take the lock again, and a notification goes to the next', async () => {
    const [here, there] = [conditionOf(place.a), conditionOf(place.b)];
    const left = here.wait(await here.hold()).subscribe();
    await waiting(place.a, 1);
    const next = there.wait(await there.hold()).then((held) => held);
    await waiting(place.a, 2);
    const held = await there.hold();
    await there.notify();
    await waiting(place.a, 1);
    left.unsubscribe();
    await waiting(place.a, 0);
    await held.release();
    await ((await next) as RemoteHeld).release();
  });

  it('refuses who has not the lock', async () => {
    const here = conditionOf(place.a);
    const notOwner = expect.objectContaining({ code: 'ERR_NOT_OWNER' });
    expect(() => here.notify()).toThrow(notOwner);
    const held = await here.hold();
    await held.release();
    await expect(here.wait(held)).rejects.toEqual(notOwner);
    const other = await place.a.lock('other').hold();
    await expect(here.wait(other)).rejects.toEqual(notOwner);
    await other.release();
    expect(() => here.wait({} as RemoteHeld)).toThrow(TypeError);
    expect(() => place.a.condition({} as never)).toThrow(TypeError);
  });

  it('awaitCondition looks again whenever another machine notifies', async () => {
    const [here, there] = [conditionOf(place.a), conditionOf(place.b)];
    const shelf = new Set(['bread']);
    const bought = lastValueFrom(
      from(['bread', 'milk']).pipe(
        awaitCondition(here, (item) => shelf.has(item)),
        toArray(),
      ),
    );
    await waiting(place.a, 1);
    const held = await there.hold();
    await there.notify();
    await held.release();
    await waiting(place.a, 1);
    const again = await there.hold();
    shelf.add('milk');
    await there.notifyAll();
    await again.release();
    expect(await bought).toEqual(['bread', 'milk']);
    await says(place.b.lock(place.name).locked$, false);
  });
});

it('refuses the lock, and what is held, of another Machines', async () => {
  const [one, other] = ['one', 'other'].map(
    (name) => new Machines({ connection: 'memory', namespace: 'both', name }),
  ) as [Machines, Machines];
  for (const lock of [other.lock('x'), other.rlock('x')])
    expect(() => one.condition(lock)).toThrow(/^lock must be of this Machines, got <Remote/);
  const held = await other.lock('x').hold();
  const wait = one.condition(one.lock('x')).wait(held);
  await expect(wait).rejects.toMatchObject({ code: 'ERR_NOT_OWNER' });
  expect(held.valid).toBe(true);
  await Promise.all([one.close(), other.close()]);
});
