import { interval, lastValueFrom, Subject, take, toArray } from 'rxjs';
import { awaitEvent, timerDelay } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { heard, outcomeOf, says } from './support/heard.js';
import { inEachPlace, type Place } from './support/places.js';

/** Once so many wait for an event. */
function waiting({ a }: Place, count: number): Promise<unknown> {
  return heard(
    a.snapshot$({ every: 5 }),
    ({ things }) => (things.find(({ kind }) => kind === 'event')?.waiters.length ?? 0) === count,
  );
}

inEachPlace((place) => {
  it('is clear at first, and set and cleared as often as you like', async () => {
    const [here, there] = [place.a.event(place.name), place.b.event(place.name)];
    expect(await there.isSet()).toBe(false);
    await here.set();
    await here.set();
    expect(await there.isSet()).toBe(true);
    await there.clear();
    await there.clear();
    expect(await here.isSet()).toBe(false);
  });

  it('lets a wait through while it is set', async () => {
    await place.a.event(place.name).set();
    expect(await place.b.event(place.name).wait()).toBe(true);
    expect(await place.b.event(place.name).wait({ timeout: 0 })).toBe(true);
  });

  it('frees all its waiters, even when it is cleared at once', async () => {
    const [here, there] = [place.a.event(place.name), place.b.event(place.name)];
    const waits = [here, there, there].map((event) => event.wait({ timeout: 5000 }).then((set) => set));
    await waiting(place, 3);
    await Promise.all([here.set(), here.clear()]);
    expect(await Promise.all(waits)).toEqual([true, true, true]);
    expect(await there.wait({ timeout: 10 })).toBe(false);
    await waiting(place, 0);
  });

  it('gives up after the timeout, and is left by unsubscribing and by a signal', async () => {
    const [here, there] = [place.a.event(place.name), place.b.event(place.name)];
    expect(await there.wait({ timeout: 0 })).toBe(false);
    expect(await there.wait({ timeout: 5 })).toBe(false);
    const left = there.wait().subscribe();
    const stop = new AbortController();
    const stopped = expect(here.wait({ signal: stop.signal })).rejects.toBe('stop');
    await waiting(place, 2);
    left.unsubscribe();
    stop.abort('stop');
    await stopped;
    await waiting(place, 0);
  });

  it('outlives who has set it', async () => {
    const other = place.another();
    await other.event(place.name).set();
    await other.close();
    expect(await place.a.event(place.name).isSet()).toBe(true);
  });

  it('streams whether it is set', async () => {
    const seen: boolean[] = [];
    const watching = place.b.event(place.name).isSet$.subscribe((set) => seen.push(set));
    await says(place.b.event(place.name).isSet$, false);
    await place.a.event(place.name).set();
    await says(place.b.event(place.name).isSet$, true);
    await place.a.event(place.name).clear();
    await says(place.b.event(place.name).isSet$, false);
    watching.unsubscribe();
    expect(seen).toEqual([false, true, false]);
  });

  it('awaitEvent keeps values until it is set', async () => {
    const gate = place.a.event(place.name);
    const all = lastValueFrom(interval(5).pipe(take(5), awaitEvent(gate), toArray()));
    const outcome = outcomeOf(all);
    await waiting(place, 1);
    expect(outcome).toEqual({});
    await place.b.event(place.name).set();
    expect(await all).toEqual([0, 1, 2, 3, 4]);
  });

  it('awaitEvent lets all pass that wait when it is set, though it is cleared at once, and none that come later', async () => {
    const source = new Subject<number>();
    const seen: number[] = [];
    const passing = source.pipe(awaitEvent(place.a.event(place.name))).subscribe((value) => seen.push(value));
    source.next(1);
    source.next(2);
    await waiting(place, 1);
    await Promise.all([place.b.event(place.name).set(), place.b.event(place.name).clear()]);
    await says(place.a.event(place.name).isSet$, false);
    expect(await heard(interval(5), () => seen.length === 2)).toBeDefined();
    source.next(3);
    await waiting(place, 1);
    expect(seen).toEqual([1, 2]);
    passing.unsubscribe();
    await waiting(place, 0);
  });

  it('timerDelay drops what is delayed when it is set', async () => {
    const source = new Subject<number>();
    const seen: number[] = [];
    const done = lastValueFrom(
      source.pipe(timerDelay(60_000, { cancel: place.a.event(place.name) }), toArray()),
    ).then((values) => seen.push(...values));
    source.next(1);
    await waiting(place, 1);
    await place.b.event(place.name).set();
    source.complete();
    await done;
    expect(seen).toEqual([]);
  });
});
