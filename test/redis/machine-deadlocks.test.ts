import { firstValueFrom, shareReplay } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { heard } from './support/heard.js';
import { inEachPlace } from './support/places.js';

inEachPlace((place) => {
  describe('deadlocks between processes', () => {
    it('are told while they last, with who waits for what', async () => {
      const [x, y] = [`${place.name} x`, `${place.name} y`];
      const other = place.another();
      const holdsX = await place.a.lock(x).hold();
      const holdsY = await other.lock(y).hold();
      const found = place.a.deadlocks$({ every: 20 }).pipe(shareReplay({ bufferSize: 1, refCount: true }));
      expect(await firstValueFrom(found)).toEqual([]);
      const looking = found.subscribe();
      const waits = [place.a.lock(y).hold().subscribe(), other.lock(x).hold().subscribe()];
      const [deadlock, ...others] = await heard(found, (all) => all.length > 0);
      expect(others).toEqual([]);
      const edges = deadlock?.cycle.map(({ machine, waitsFor }) => [machine.session, waitsFor]);
      expect(edges?.sort()).toEqual(
        [
          [place.a.session, y],
          [other.session, x],
        ].sort(),
      );
      expect(deadlock?.message).toContain(`waits for lock '${x}', which`);
      expect(deadlock?.message).toContain(`process ${process.pid}`);
      waits[0]?.unsubscribe();
      await heard(found, (all) => all.length === 0);
      looking.unsubscribe();
      waits[1]?.unsubscribe();
      await Promise.all([holdsX.release(), holdsY.release()]);
    });

    it('are none where one waits for another that goes on', async () => {
      const [x, y] = [`${place.name} x`, `${place.name} y`];
      const other = place.another();
      const seen: unknown[] = [];
      const looking = place.a.deadlocks$({ every: 5 }).subscribe((all) => seen.push(...all));
      // Both take the two in the same order.
      for (let round = 0; round < 40; round++) {
        await Promise.all(
          [place.a, other].map(async (machines) => {
            const first = await machines.lock(x).hold();
            const second = await machines.lock(y).hold();
            await second.release();
            await first.release();
          }),
        );
      }
      looking.unsubscribe();
      expect(seen).toEqual([]);
    });
  });
});
