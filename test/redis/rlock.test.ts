import { concatMap, from, lastValueFrom, of, Subject, tap, timer, toArray } from 'rxjs';
import { withLock } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { outcomeOf, says } from './support/heard.js';
import { inEachPlace } from './support/places.js';

inEachPlace((place) => {
  it('is entered again by this process, and free once released as often', async () => {
    const here = place.a.rlock(place.name);
    const [outer, inner] = [await here.hold(), await here.hold()];
    expect(await here.acquire({ blocking: false })).toBe(true);
    expect([here.count, inner.token === outer.token, outer.valid]).toEqual([3, true, true]);
    const other = place.another().lock(place.name);
    const waits = outcomeOf(other.hold());
    await says(here.waiting$, 1);
    await outer.release();
    await outer.release();
    expect([here.count, inner.valid, outer.valid]).toEqual([2, true, false]);
    await here.release();
    await inner.release();
    expect(here.count).toBe(0);
    await says(here.waiting$, 0);
    await waits.value?.release();
    expect(() => here.release()).toThrow(expect.objectContaining({ code: 'ERR_NOT_OWNER' }));
  });

  it('waits of this process that the engine has queued enter with the first of them', async () => {
    const here = place.a.rlock(place.name);
    const other = await place.another().lock(place.name).hold();
    const waits = [here.hold(), here.hold({ timeout: 60_000 }), place.a.rlock(place.name).hold()];
    const entering = Promise.all(waits);
    const left = here.hold().subscribe(() => expect.unreachable());
    await says(here.waiting$, 4);
    left.unsubscribe();
    await other.release();
    const held = await entering;
    expect([here.count, new Set(held.map(({ token }) => token)).size]).toEqual([3, 1]);
    await says(here.waiting$, 0);
    for (const one of held) await one.release();
    expect(here.count).toBe(0);
    await says(place.b.rlock(place.name).locked$, false);
  });

  it('a wait of the process that a section overtakes waits on', async () => {
    const here = place.a.rlock(place.name);
    const other = await place.another().lock(place.name).hold();
    const order: string[] = [];
    const section = lastValueFrom(
      of(1).pipe(
        withLock(here, async () => {
          const both = await Promise.all([here.hold(), here.hold()]);
          order.push(`section ${here.count}`);
          for (const one of both) await one.release();
        }),
      ),
    );
    await says(here.waiting$, 1);
    const outside = here.hold().then((held) => {
      order.push(`outside ${here.count}`);
      return held.release();
    });
    await says(here.waiting$, 2);
    await other.release();
    await Promise.all([section, outside]);
    expect(order).toEqual(['section 3', 'outside 1']);
  });

  it('all of a name in a process are one', async () => {
    const held = await place.a.rlock(place.name).hold();
    expect(await place.a.rlock(place.name).acquire({ blocking: false })).toBe(true);
    expect(place.a.rlock(place.name).count).toBe(2);
    await place.a.rlock(place.name).release();
    await held.release();
    await says(place.b.rlock(place.name).locked$, false);
  });

  it('a section of withLock enters it again, others wait', async () => {
    const here = place.a.rlock(place.name);
    let inside = 0;
    let most = 0;
    const nested = (value: number) =>
      of(value).pipe(
        withLock(here, (inner) =>
          timer(2).pipe(
            tap({
              subscribe: () => {
                most = Math.max(most, ++inside);
              },
              finalize: () => inside--,
            }),
            concatMap(() => of(inner * 10)),
          ),
        ),
      );
    const pipelines = [1, 2].map((start) =>
      lastValueFrom(from([start, start + 2]).pipe(withLock(here, nested), toArray())),
    );
    expect(await Promise.all(pipelines)).toEqual([
      [10, 30],
      [20, 40],
    ]);
    expect([most, here.count]).toEqual([1, 0]);
  });

  it("a section's is not the process's", async () => {
    const here = place.a.rlock(place.name);
    const asked: boolean[] = [];
    await lastValueFrom(
      of(1).pipe(
        withLock(here, async () => {
          asked.push(await here.acquire({ blocking: false }));
          await here.release();
        }),
      ),
    );
    const section = new Subject<void>();
    const holding = lastValueFrom(of(1).pipe(withLock(here, () => section)), { defaultValue: undefined });
    await says(here.locked$, true);
    asked.push(await here.acquire({ blocking: false }));
    section.complete();
    await holding;
    expect(asked).toEqual([true, false]);
    await says(place.b.rlock(place.name).locked$, false);
  });

  it('a condition lets all levels go, and has one again', async () => {
    const here = place.a.rlock(place.name);
    const condition = place.a.condition(here);
    await here.hold();
    const inner = await here.hold();
    expect(await condition.wait(inner, { timeout: 10 })).toBe(false);
    expect(here.count).toBe(0);
    await says(place.b.rlock(place.name).locked$, false);
  });
});
