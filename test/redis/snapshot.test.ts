import { firstValueFrom, map } from 'rxjs';
import { ThreadPool } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { heard, says } from './support/heard.js';
import { inEachPlace } from './support/places.js';

inEachPlace((place) => {
  it('tells who lives, and each change', async () => {
    const count = new Set([place.a, place.b]).size;
    const own = (await place.a.enumerate()).find(({ session }) => session === place.a.session);
    expect(own).toMatchObject({ pid: process.pid, node: process.version });
    expect(own?.leaseEnds).toBeGreaterThan(own?.joined ?? 0);
    expect((await place.b.enumerate()).length).toBe(count);
    const counts: number[] = [];
    const counting = place.a.activeCount$.subscribe((now) => counts.push(now));
    await says(place.a.activeCount$, count);
    const other = place.another();
    await other.open();
    await heard(place.a.enumerate$, (all) => all.some(({ session }) => session === other.session));
    await other.close();
    await says(place.a.activeCount$, count);
    counting.unsubscribe();
    expect(counts).toEqual([count, count + 1, count]);
  });

  it('tells how many threads a process has, and what its pools do, as of its last renewal', async () => {
    const pool = new ThreadPool({ name: place.name, minThreads: 1, maxThreads: 1 });
    await pool.run(() => {});
    const [self] = await heard(
      place.b.enumerate$.pipe(map((all) => all.filter(({ session }) => session === place.a.session))),
      ([found]) => found?.pools.some(({ name }) => name === place.name) ?? false,
    );
    expect(self?.threads).toBeGreaterThan(0);
    expect(self?.pools.find(({ name }) => name === place.name)).toMatchObject({ queued: 0, threads: 1 });
    await pool.close();
  });

  it('tells who has what, and who waits for what', async () => {
    const held = await place.a.lock(place.name).hold();
    const permit = await place.b.semaphore(place.name, 2).hold();
    const waits = [
      place.b.lock(place.name).hold().subscribe(),
      place.b.event(place.name).wait().subscribe(),
      place.a.barrier(place.name, 2).wait().subscribe(),
    ];
    await says(place.a.lock(place.name).waiting$, 1);
    const { at, machines, things } = await heard(
      place.a.snapshot$({ every: 5 }),
      ({ things }) => things.length === 4,
    );
    expect(machines.map(({ session }) => session).sort()).toEqual(
      [...new Set([place.a.session, place.b.session])].sort(),
    );
    const found = things.map(({ kind, name, holders, waiters }) => ({
      is: kind,
      name,
      holders: holders.map(({ session, token }) => [session, token]),
      waiters: waiters.map(({ session }) => session),
    }));
    expect(found.sort((x, y) => (x.is < y.is ? -1 : 1))).toEqual([
      { is: 'barrier', name: place.name, holders: [], waiters: [place.a.session] },
      { is: 'event', name: place.name, holders: [], waiters: [place.b.session] },
      { is: 'lock', name: place.name, holders: [[place.a.session, held.token]], waiters: [place.b.session] },
      { is: 'semaphore', name: place.name, holders: [[place.b.session, permit.token]], waiters: [] },
    ]);
    for (const { holders, waiters } of things)
      for (const { since } of [...holders, ...waiters]) expect(Math.abs(at - since)).toBeLessThan(20_000);
    for (const wait of waits) wait.unsubscribe();
    await permit.release();
    await held.release();
    await heard(place.a.snapshot$({ every: 5 }), ({ things }) => things.length === 0);
  });

  it('streams whether a lock is held, by whom, and who waits', async () => {
    const [here, there] = [place.a.lock(place.name), place.b.lock(place.name)];
    expect(await firstValueFrom(here.owner$)).toBe(null);
    const held = await there.hold();
    const owner = await heard(here.owner$, (found) => found !== null);
    expect(owner).toMatchObject({ session: place.b.session, token: held.token });
    const next = here.hold().then((got) => got);
    await says(there.waiting$, 1);
    await held.release();
    const got = await next;
    await heard(here.owner$, (found) => found?.token === got.token);
    await got.release();
    await says(there.locked$, false);
    await says(there.waiting$, 0);
  });

  it('streams complete when closed', async () => {
    const other = place.another();
    const done = new Promise((resolve) => {
      other.event(place.name).isSet$.subscribe({ complete: () => resolve('complete') });
    });
    await says(other.event(place.name).isSet$, false);
    await other.close();
    expect(await done).toBe('complete');
  });
});
