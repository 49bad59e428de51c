import { from, lastValueFrom, toArray } from 'rxjs';
import { BrokenBarrierError, barrierZip } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { outcomeOf, says } from './support/heard.js';
import { inEachPlace } from './support/places.js';

inEachPlace((place) => {
  it('lets all pass once all have come, in the order of arrival', async () => {
    const [here, there] = [place.a.barrier(place.name, 3), place.b.barrier(place.name, 3)];
    for (let round = 0; round < 3; round++) {
      const first = here.wait().then((index) => index);
      await says(here.nWaiting$, 1);
      const second = there.wait().then((index) => index);
      await says(here.nWaiting$, 2);
      const last = there.wait();
      expect(await Promise.all([first, second, last])).toEqual([0, 1, 2]);
      await says(here.nWaiting$, 0);
    }
  });

  it('waits for one more when a party is unsubscribed, or its process closed', async () => {
    const other = place.another();
    const [here, there] = [place.a.barrier(place.name, 2), other.barrier(place.name, 2)];
    const left = here.wait().subscribe();
    await says(here.nWaiting$, 1);
    left.unsubscribe();
    await says(here.nWaiting$, 0);
    there.wait().subscribe({ error: () => {} });
    await says(here.nWaiting$, 1);
    await other.close();
    await says(here.nWaiting$, 0);
    expect(await Promise.all([here.wait(), place.b.barrier(place.name, 2).wait()])).toEqual([0, 1]);
  });

  it('is broken for all by a timeout, until it is reset', async () => {
    const [here, there] = [place.a.barrier(place.name, 3), place.b.barrier(place.name, 3)];
    const patient = expect(here.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
    await says(here.nWaiting$, 1);
    await expect(there.wait({ timeout: 20 })).rejects.toBeInstanceOf(BrokenBarrierError);
    await patient;
    await says(there.broken$, true);
    await expect(here.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
    await there.reset();
    await says(here.broken$, false);
    expect(await Promise.all([here.wait(), there.wait(), here.wait()])).toHaveLength(3);
  });

  it('is broken by abort; reset ends only the waits of now', async () => {
    const [here, there] = [place.a.barrier(place.name, 2), place.b.barrier(place.name, 2)];
    const first = expect(here.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
    await says(here.nWaiting$, 1);
    await there.reset();
    await first;
    await there.abort();
    await expect(here.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
  });

  it('runs the action once a round, in the process that came last, before any passes', async () => {
    const done: string[] = [];
    const make = (machines: typeof place.a, name: string) =>
      machines.barrier(place.name, 2, {
        action: async () => {
          done.push(`${name} acts`);
          await says(place.a.barrier(place.name, 2).nWaiting$, 0);
          done.push(`${name} has acted`);
        },
      });
    const [here, there] = [make(place.a, 'a'), make(place.b, 'b')];
    const first = here.wait().then((index) => done.push(`passed ${index}`));
    await says(here.nWaiting$, 1);
    await Promise.all([first, there.wait().then((index) => done.push(`passed ${index}`))]);
    expect(done.slice(0, 2)).toEqual(['b acts', 'b has acted']);
    expect(done.slice(2).sort()).toEqual(['passed 0', 'passed 1']);
  });

  it('is broken by an action that fails, which its own party is told', async () => {
    const here = place.a.barrier(place.name, 2);
    const there = place.b.barrier(place.name, 2, {
      action: () => {
        throw new RangeError('no');
      },
    });
    const first = expect(here.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
    await says(here.nWaiting$, 1);
    await expect(there.wait()).rejects.toThrow('no');
    await first;
    await says(here.broken$, true);
  });

  it('is broken when the process that runs the action closes', async () => {
    const other = place.another();
    let acting = false;
    const never = other.barrier(place.name, 2, {
      action: () => {
        acting = true;
        return new Promise(() => {});
      },
    });
    const here = place.a.barrier(place.name, 2);
    const first = expect(here.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
    await says(here.nWaiting$, 1);
    const last = outcomeOf(never.wait());
    await says(here.nWaiting$, 0);
    await other.close();
    await first;
    expect([acting, last.error]).toEqual([true, expect.objectContaining({ code: 'ERR_LOCK_LOST' })]);
  });

  it('refuses another number of parties while anybody waits', async () => {
    const waiting = place.a.barrier(place.name, 2).wait().subscribe();
    await says(place.a.barrier(place.name, 2).nWaiting$, 1);
    await expect(place.b.barrier(place.name, 3).wait()).rejects.toThrow(/ has 2 parties, got 3$/);
    waiting.unsubscribe();
  });

  it('barrierZip meets streams of other machines', async () => {
    const zipped = [place.a, place.b].map((machines, i) =>
      lastValueFrom(
        from([1, 2, 3].map((value) => `${i}${value}`)).pipe(
          barrierZip(machines.barrier(place.name, 2)),
          toArray(),
        ),
      ),
    );
    expect(await Promise.all(zipped)).toEqual([
      [['01'], ['02'], ['03']],
      [['11'], ['12'], ['13']],
    ]);
  });
});
