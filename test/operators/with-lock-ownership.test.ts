// RLock in pipelines: who counts as the owner.
import {
  concat,
  delay,
  EMPTY,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  mergeMap,
  NEVER,
  type Observable,
  of,
  Subject,
  tap,
  timer,
} from 'rxjs';
import { Condition, type Held, RLock, ThreadError, withLock } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { turns, until } from '../support/turns.js';
import { inVirtualTime } from '../support/virtual-time.js';

it('two pipelines of one thread exclude each other', () => {
  inVirtualTime(({ cold, expectObservable }) => {
    const lock = new RLock();
    const section = (value: string) => cold('--v|', { v: value });
    expectObservable(cold('a|').pipe(withLock(lock, section))).toBe(' --a|');
    expectObservable(cold('b|').pipe(withLock(lock, section))).toBe('-----b|');
  });
});

it('the values of one pipeline exclude each other, also within a section', () => {
  inVirtualTime(({ cold, expectObservable }) => {
    const lock = new RLock();
    const section = (value: string) => cold('--v|', { v: value });
    const nested = () => cold('(ab|)').pipe(withLock(lock, section));
    expectObservable(cold('x|').pipe(withLock(lock, nested))).toBe('--a--b|');
  });
});

it('a nested withLock re-enters', () => {
  inVirtualTime(({ cold, expectObservable }) => {
    const lock = new RLock();
    const section = (value: string) => cold('--v|', { v: value });
    const nested = (value: string) => of(value).pipe(withLock(lock, section));
    expectObservable(cold('ab|').pipe(withLock(lock, nested))).toBe('--a--b|');
  });
});

it.each<[string, () => Observable<unknown>]>([
  ['a promise', () => from(Promise.resolve())],
  ['a timer', () => timer(1)],
  ['an async function', () => from(turns(1))],
])('a nested withLock re-enters after %s', async (_, hop) => {
  const lock = new RLock();
  const deep: number[] = [];
  const nested = () => of(0).pipe(withLock(lock, () => of(lock.count)));
  const pipeline = of(0).pipe(
    withLock(lock, () =>
      hop().pipe(
        mergeMap(nested),
        tap((count) => deep.push(count)),
      ),
    ),
  );
  await Promise.all([lastValueFrom(pipeline), lastValueFrom(pipeline)]);
  expect(deep).toEqual([2, 2]);
  expect(lock.count).toBe(0);
});

it('code inside a section re-enters in every way, code outside in none', async () => {
  const lock = new RLock();
  const inside = of(0).pipe(
    withLock(lock, async () => {
      await turns(1);
      expect(lock.acquireSync({ blocking: false })).toBe(true);
      expect(await lock.acquire()).toBe(true);
      expect(lock.count).toBe(3);
      lock.release();
      lock.release();
      using _held = await lock.hold();
      await turns(1);
      return lock.count;
    }),
  );
  const count = lastValueFrom(inside);
  expect(lock.locked()).toBe(true);
  expect(lock.acquireSync({ blocking: false })).toBe(false);
  expect(await lock.acquire({ timeout: 0 })).toBe(false);
  expect(() => lock.release()).toThrow(ThreadError);
  expect(() => lock.release()).toThrow('withLock section');
  const stranger = lock.acquire().then(() => lock.count);
  expect(await count).toBe(2);
  expect(await stranger).toBe(1);
  lock.release();
  expect(lock.locked()).toBe(false);
});

it('a Held that a section has taken is released by whoever has it, also once the section is over', () => {
  const lock = new RLock();
  const helds: Held[] = [];
  const take = (): Observable<never> => {
    helds.push(lock.holdSync());
    lock.hold().subscribe((held) => helds.push(held));
    return EMPTY;
  };
  of(1).pipe(withLock(lock, take)).subscribe();
  expect(lock.count).toBe(2);
  for (const held of helds) held.release();
  expect(lock.locked()).toBe(false);
  expect(lock.acquireSync({ blocking: false })).toBe(true);
});

it('what the thread itself acquired, its pipelines re-enter', () => {
  const lock = new RLock();
  lock.acquireSync();
  const counts: number[] = [];
  of(0)
    .pipe(withLock(lock, () => of(lock.count)))
    .subscribe((count) => counts.push(count));
  expect(counts).toEqual([2]);
  expect(lock.count).toBe(1);
  lock.release();
});

it('a later stage of the pipeline is not nested', async () => {
  const lock = new RLock();
  const free: boolean[] = [];
  const tryIt = () => {
    const taken = lock.acquireSync({ blocking: false });
    if (taken) lock.release();
    free.push(taken);
  };
  let ended = false;
  from([1, 2])
    .pipe(
      withLock(lock, (value) => of(value).pipe(delay(1))),
      tap({ next: tryIt, complete: tryIt }),
    )
    .subscribe({ complete: () => (ended = true) });
  await until(() => ended);
  expect(free).toEqual([false, false, true]);
});

it('whoever is served when a section is left is not nested in it', async () => {
  const [rlock, lock] = [new RLock(), new RLock()];
  const order: string[] = [];
  const part = new Subject<void>();
  const outer = of(0)
    .pipe(withLock(rlock, () => concat(part.pipe(withLock(lock)), NEVER)))
    .subscribe();
  const both = withLock(rlock, () => of(order.push('both')));
  of(0)
    .pipe(withLock(lock, () => of(0).pipe(both)))
    .subscribe();
  part.complete();
  expect(lock.locked()).toBe(true);
  expect(order).toEqual([]);
  outer.unsubscribe();
  await turns(1);
  expect(order).toEqual(['both']);
  expect(lock.locked()).toBe(false);
});

it('a Subject loses the owner, unless it is given', async () => {
  const lock = new RLock();
  const owner = {};
  const job = new Subject<string>();
  const done: string[] = [];
  const note = (value: string) => of(value).pipe(tap(() => done.push(`${value} ${lock.count}`)));
  const stranger = job.pipe(withLock(lock, note)).subscribe();
  const partner = job.pipe(withLock(lock, note, { owner })).subscribe();
  const outer = of(0)
    .pipe(
      withLock(
        lock,
        () => {
          job.next('job');
          return NEVER;
        },
        { owner },
      ),
    )
    .subscribe();
  expect(done).toEqual(['job 2']);
  outer.unsubscribe();
  await turns(1);
  expect(done).toEqual(['job 2', 'job 1']);
  for (const one of [stranger, partner]) one.unsubscribe();
  expect(lock.locked()).toBe(false);
});

it('a Condition waits and notifies within sections', async () => {
  const condition = new Condition(new RLock());
  const lock = condition.lock as RLock;
  const items: number[] = [];
  const consumed = firstValueFrom(
    of(0).pipe(
      withLock(condition, () =>
        of(0).pipe(
          withLock(condition, () => condition.waitFor(() => items.length > 0)),
          map(() => [items.shift(), lock.count]),
        ),
      ),
    ),
  );
  await turns(1);
  expect(lock.locked()).toBe(false);
  expect(condition.waiting).toBe(1);
  expect(() => condition.notify()).toThrow(ThreadError);
  const produced = lastValueFrom(
    of(7).pipe(
      withLock(condition, async (item) => {
        await turns(1);
        items.push(item);
        condition.notify();
      }),
    ),
  );
  await produced;
  expect(await consumed).toEqual([7, 2]);
  expect(lock.locked()).toBe(false);
});

it('a section left while it waits on its Condition releases nothing of anybody else', async () => {
  const condition = new Condition();
  const waiting = of(0)
    .pipe(withLock(condition, () => condition.wait()))
    .subscribe();
  const other = NEVER.pipe(withLock(condition)).subscribe();
  expect(condition.locked()).toBe(true);
  waiting.unsubscribe();
  expect(condition.locked()).toBe(true);
  other.unsubscribe();
  expect(condition.locked()).toBe(false);
});

it('a section that the other one of its owner outlives stays closed to strangers', () => {
  const lock = new RLock();
  const owner = {};
  const first = NEVER.pipe(withLock(lock, { owner })).subscribe();
  const second = NEVER.pipe(withLock(lock, { owner })).subscribe();
  expect(lock.count).toBe(2);
  first.unsubscribe();
  expect(lock.acquireSync({ blocking: false })).toBe(false);
  second.unsubscribe();
  expect(lock.acquireSync({ blocking: false })).toBe(true);
  lock.release();
});

it('hands the lock from section to section without a leak of owners', async () => {
  const lock = new RLock();
  const all = from(Array.from({ length: 200 }, (_, index) => index)).pipe(
    mergeMap((index) => of(index).pipe(withLock(lock, () => turns(index % 2)))),
  );
  await lastValueFrom(all);
  expect(lock.count).toBe(0);
  expect(lock.acquireSync({ blocking: false })).toBe(true);
  lock.release();
});
