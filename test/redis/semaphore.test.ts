import { from, lastValueFrom, tap, timer, toArray } from 'rxjs';
import { withLock } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { says } from './support/heard.js';
import { inEachPlace } from './support/places.js';

inEachPlace((place) => {
  it('lets as many in as it has permits', async () => {
    const [here, there] = [place.a.semaphore(place.name, 2), place.b.semaphore(place.name, 2)];
    const held = [await here.hold(), await there.hold()];
    expect(await here.acquire({ blocking: false })).toBe(false);
    expect(await there.acquire({ timeout: 20 })).toBe(false);
    const third = there.hold().then((got) => got);
    await says(here.waiting$, 1);
    await held[0]?.release();
    const got = await third;
    expect(got.token).toBeGreaterThan(held[1]?.token ?? 0n);
    await got.release();
    await held[1]?.release();
    await says(here.value$, 2);
  });

  it('serves first come, first', async () => {
    const [here, there] = [place.a.semaphore(place.name, 1), place.b.semaphore(place.name, 1)];
    const held = await here.hold();
    const order: number[] = [];
    const all = [];
    for (const [i, semaphore] of [there, here, there].entries()) {
      all.push(
        semaphore.hold().then(async (got) => {
          order.push(i);
          await got.release();
        }),
      );
      await says(here.waiting$, i + 1);
    }
    await held.release();
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2]);
  });

  it('is left by unsubscribing, by a timeout and by a signal', async () => {
    const [here, there] = [place.a.semaphore(place.name, 1), place.b.semaphore(place.name, 1)];
    const held = await here.hold();
    const left = there.hold().subscribe();
    const stop = new AbortController();
    const stopped = expect(there.acquire({ signal: stop.signal })).rejects.toBe('stop');
    const late = expect(there.hold({ timeout: 30 })).rejects.toMatchObject({ name: 'TimeoutError' });
    await says(here.waiting$, 3);
    left.unsubscribe();
    stop.abort('stop');
    await Promise.all([stopped, late]);
    await says(here.waiting$, 0);
    await held.release();
    await says(there.value$, 1);
  });

  it('refuses who says another number of permits while it is in use, and a release of what is not had', async () => {
    const held = await place.a.semaphore(place.name, 2).hold();
    await expect(place.b.semaphore(place.name, 3).hold()).rejects.toThrow(/ was made with 2 permits, got 3$/);
    await held.release();
    await (await place.b.semaphore(place.name, 3).hold()).release();
    expect(() => place.a.semaphore(place.name, 3).release()).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_OWNER' }),
    );
    expect(() => place.a.semaphore(place.name, 0)).toThrow(RangeError);
    expect(() => place.a.semaphore('two\nlines', 1)).toThrow(RangeError);
  });

  it('gives back by release what acquire has taken, and leaves to its Held what is held', async () => {
    const semaphore = place.a.semaphore(place.name, 3);
    const held = await semaphore.hold();
    await semaphore.acquire();
    await semaphore.release();
    expect([held.released, held.valid]).toEqual([false, true]);
    await held.release();
    await says(semaphore.value$, 3);
  });

  it('gets the permits of a closed process back', async () => {
    const other = place.another();
    const there = other.semaphore(place.name, 2);
    await there.hold();
    await there.acquire();
    const waiting = place.a
      .semaphore(place.name, 2)
      .hold()
      .then((got) => got);
    await says(place.a.semaphore(place.name, 2).waiting$, 1);
    await other.close();
    await (await waiting).release();
  });

  it('withLock keeps as many sections inside as there are permits', async () => {
    let inside = 0;
    let most = 0;
    const section = () =>
      timer(2).pipe(
        tap({
          subscribe: () => {
            most = Math.max(most, ++inside);
          },
          finalize: () => inside--,
        }),
      );
    const pipelines = [place.a, place.b, place.a].map((machines) =>
      lastValueFrom(from([1, 2, 3]).pipe(withLock(machines.semaphore(place.name, 2), section), toArray())),
    );
    expect((await Promise.all(pipelines)).flat()).toEqual(Array(9).fill(0));
    expect(most).toBe(2);
    await says(place.a.semaphore(place.name, 2).value$, 2);
  });
});
