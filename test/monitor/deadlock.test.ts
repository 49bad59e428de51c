import { filter, firstValueFrom, lastValueFrom, NEVER, of, type Subscription, switchMap, timer } from 'rxjs';
import { Event, type Holding, Lock, RLock, Semaphore, Thread, waits, withLock } from 'rxjs-threading';
import { type Deadlock, deadlocks, deadlocks$, inspect, inspect$ } from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import { expectNoAlarm, ORDERED } from '../support/monitor/no-alarm.js';
import { both, crossed, looker, type Member, Planted, signal } from '../support/monitor/planted.js';
import { anySeed, random, sleep } from '../support/random.js';

function identsOf({ cycle }: Deadlock): number[] {
  return cycle.map(({ wait }) => wait.ident);
}

function sorted(cycles: readonly (readonly number[])[]): string[] {
  return cycles.map((idents) => [...idents].sort((a, b) => a - b).join()).sort();
}

/** Two threads, each of which holds one and waits for the other. */
function embrace(one: Partial<Member>, other: Partial<Member> = one): Promise<Planted> {
  return Planted.plant([
    { own: new RLock({ name: 'ledger' }), face: 'blocking', ...one },
    { own: new RLock({ name: 'vault' }), face: 'blocking', ...other },
  ]);
}

/** The only deadlock there is. */
async function onlyOne(): Promise<Deadlock> {
  const found = await deadlocks();
  expect(found.length).toBe(1);
  return found[0] as Deadlock;
}

describe('deadlocks', () => {
  const seed = anySeed();

  it(`are found, every cycle of 2 to 5 threads, in all faces, at the first call (SEED=${seed})`, async () => {
    const draw = random(seed);
    const pick = <T>(...among: readonly T[]): T => among[Math.floor(draw() * among.length)] as T;
    const members = (size: number): Member[] =>
      Array.from({ length: size }, (_, at) => ({
        own: pick<Lock | RLock>(new Lock(), new RLock()),
        face: pick('blocking', 'acquire', 'observable'),
        joins: at < size - 1 && draw() < 0.3,
      }));
    for (let round = 0; round < 10; round++) {
      const planted = await Promise.all([2, 3, 4, 5, 2].map((size) => Planted.plant(members(size))));
      const found = await deadlocks();
      expect(sorted(found.map(identsOf)), `round ${round}`).toEqual(
        sorted(planted.map(({ idents }) => idents)),
      );
      await Promise.all(planted.map((one) => one[Symbol.asyncDispose]()));
    }
    expect(await deadlocks()).toEqual([]);
  }, 240_000);

  it('tell who waits for what, who has it, and who waits behind', async () => {
    await using planted = await embrace({});
    const [first, second] = planted.idents;
    const behind = new Thread({
      target: (thread: Thread) => thread.joinSync(),
      args: [planted.threads[0] as Thread],
      name: 'late',
    }).start();
    while (!waits().some(({ ident }) => ident === behind.ident)) await sleep(5);
    const found = await onlyOne();
    expect(found).toMatchObject({
      kind: 'deadlock',
      certainty: 'certain',
      doubts: [],
      behind: [behind.ident],
    });
    expect(found.cycle.map(({ wait }) => [wait.name, wait.owner, wait.face]).sort()).toEqual([
      ['ledger', first, 'blocking'],
      ['vault', second, 'blocking'],
    ]);
    for (const [at, { holds }] of found.cycle.entries())
      expect(holds).toBe(found.cycle.at(at - 1)?.wait.primitive);
    expect(found.message).toMatch(
      /^Deadlock: 'member \d' waits for '(ledger|vault)', which 'member \d' has, and 'member \d' waits for '(ledger|vault)', which 'member \d' has; 1 more waits behind$/,
    );
  });

  it.each(['cancel', 'terminate'] as const)('that are certain are gone after a %s', async (how) => {
    await using planted = await embrace({});
    const { id } = await onlyOne();
    expect((await onlyOne()).id).toBe(id);
    const gone = firstValueFrom(deadlocks$.pipe(filter((found) => found.length === 0)));
    await planted.threads[0]?.[how]();
    expect(await gone).toEqual([]);
    expect(await deadlocks()).toEqual([]);
  });

  it('have a message of one line in which nothing is obeyed, whatever the names', async () => {
    const name = 'two\nlines \x1b[31m\u202e\u2028';
    await using _ = await embrace({ own: new RLock({ name }) }, { own: new RLock({ name: 'vault' }) });
    const shown = 'two\\x0alines \\x1b[31m\\u202e\\u2028';
    expect((await onlyOne()).message).toContain(`waits for '${shown}'`);
    expect(inspect().findings.map(({ message }) => message)).toContainEqual(expect.stringContaining(shown));
  });

  it('of a thread that takes a Lock which it holds are found', async () => {
    const lock = new Lock({ name: 'once' });
    await using planted = await Planted.plant([{ own: lock, face: 'blocking' }]);
    const found = await onlyOne();
    expect(found.certainty).toBe('certain');
    expect(found.message).toBe("Deadlock: 'member 0' waits for 'once', which it has itself");
    expect(identsOf(found)).toEqual(planted.idents);
  });

  it('over joins are certain', async () => {
    await using _planted = await embrace({ joins: true }, {});
    const { certainty, message } = await onlyOne();
    expect(certainty).toBe('certain');
    expect(message).toMatch(/'member 0' waits for the end of 'member 1'/);
  });

  it('are found by another thread while main is blocked in one, with its stack', async () => {
    const [mine, its] = [new RLock({ name: 'mine' }), new RLock({ name: 'its' })];
    const held = mine.holdSync();
    const other = new Thread({ target: both, args: [its, mine], name: 'other' }).start();
    other.result().subscribe({ error: () => {} });
    while (!waits().some(({ ident }) => ident === other.ident)) await sleep(5);
    const looking = new Thread({ target: looker, args: [other], name: 'looker' }).start();
    // The looker has it, once it has cancelled the other.
    its.holdSync({ timeout: 15_000 }).release();
    held.release();
    const [found, stacked] = (await looking.result()) as unknown as [Deadlock, Deadlock];
    expect(found.doubts.map(({ kind }) => kind)).toEqual(['timeout']);
    expect(identsOf(found).sort()).toEqual([4096, other.ident]);
    const main = stacked.cycle.find(({ wait }) => wait.ident === 4096);
    expect(main?.stack.map((site) => site.file).join()).toContain('deadlock.test.ts');
  });
});

describe('a deadlock is only suspected', () => {
  it('when a Lock in it has been released by another than its owner', async () => {
    const lock = new Lock();
    lock.holdSync();
    await new Thread({ target: signal, args: [lock] }).start().join();
    await using _planted = await embrace({ own: lock }, {});
    const { certainty, doubts, cycle } = await onlyOne();
    const { primitive } = cycle.find(({ wait }) => wait.name === lock.name)?.wait ?? {};
    expect([certainty, doubts]).toEqual(['suspected', [{ kind: 'signalled', primitive }]]);
  });

  it('when a Lock in it is used for the first time, and was taken by acquire', async () => {
    await using _planted = await embrace({ own: new Lock(), face: 'acquire' }, {});
    expect((await onlyOne()).doubts).toMatchObject([{ kind: 'signalled' }]);
  });

  it('when a wait in it gives up by itself', async () => {
    await using _planted = await embrace({ timeout: 100_000 }, {});
    const { doubts, cycle } = await onlyOne();
    const limited = cycle.find(({ wait }) => wait.until !== null)?.wait;
    expect(doubts).toEqual([{ kind: 'timeout', wait: limited?.id, until: limited?.until }]);
    expect(limited?.until).toBeGreaterThan(Date.now());
  });

  it('when the event loop of a thread in it runs on', async () => {
    await using planted = await embrace({ face: 'observable' }, {});
    expect((await onlyOne()).doubts).toEqual([{ kind: 'loop-runs', ident: planted.idents[0] }]);
  });
});

describe('sections of one event loop', () => {
  /** Two sections, each of which waits within for what the other one holds. */
  async function cross(one: Holding, other: Holding): Promise<Subscription> {
    const within = (inner: Holding) => () => timer(5).pipe(switchMap(() => of(0).pipe(withLock(inner))));
    const pipelines = of(one)
      .pipe(withLock(one, within(other)))
      .subscribe();
    pipelines.add(
      of(other)
        .pipe(withLock(other, within(one)))
        .subscribe(),
    );
    while (waits().length < 2) await sleep(1);
    return pipelines;
  }

  it('over RLocks are found that wait for one another, and are gone once one is left', async () => {
    const pipelines = await cross(new RLock({ name: 'a' }), new RLock({ name: 'b' }));
    const { doubts, cycle, message } = await onlyOne();
    expect(cycle.map(({ wait }) => wait.name).sort()).toEqual(['a', 'b']);
    expect(new Set(cycle.map(({ wait }) => wait.section)).size).toBe(2);
    expect(doubts).toEqual([
      { kind: 'unsubscribe', ident: 4096 },
      { kind: 'unsubscribe', ident: 4096 },
    ]);
    expect(message).toMatch(
      /^Deadlock of pipelines: section \d+ of 'MainThread' waits for '[ab]', which section \d+/,
    );
    pipelines.unsubscribe();
    expect(await deadlocks()).toEqual([]);
  });

  it('of another thread are found, and are gone once one is left, although nobody asks that thread any more', async () => {
    const [left, end] = [new Event(), new Event()];
    const thread = new Thread({ target: crossed, args: [new RLock(), new RLock(), left, end] }).start();
    while (waits().length < 3) await sleep(1);
    expect((await onlyOne()).doubts.map(({ kind }) => kind)).toEqual(['unsubscribe', 'unsubscribe']);
    left.set();
    while (waits().some(({ owner }) => owner !== null)) await sleep(1);
    expect(await deadlocks()).toEqual([]);
    end.set();
    await thread.join();
  });

  it('over Locks are found while somebody looks at all there is', async () => {
    const looking = inspect$({ detail: 'all' }).subscribe();
    const pipelines = await cross(new Lock({ name: 'a' }), new Lock({ name: 'b' }));
    expect((await onlyOne()).cycle.map(({ wait }) => wait.name).sort()).toEqual(['a', 'b']);
    pipelines.unsubscribe();
    looking.unsubscribe();
  });

  it('are found that wait for the Lock which they hold, also after an await', async () => {
    const looking = inspect$({ detail: 'all' }).subscribe();
    const lock = new Lock({ name: 'once' });
    const again = async (): Promise<void> => {
      await sleep(1);
      await lastValueFrom(of(0).pipe(withLock(lock)));
    };
    const pipeline = of(1).pipe(withLock(lock, again)).subscribe();
    while (lock.waiting === 0) await sleep(1);
    const { cycle, message } = await onlyOne();
    expect(cycle.length).toBe(1);
    expect(message).toMatch(/'once', which it has itself/);
    pipeline.unsubscribe();
    looking.unsubscribe();
  });

  it('over a Semaphore are doubted for its permits', async () => {
    const looking = inspect$({ detail: 'all' }).subscribe();
    const pipelines = await cross(new Semaphore(1, { name: 'a' }), new Lock({ name: 'b' }));
    const { doubts } = await onlyOne();
    expect(doubts.map(({ kind }) => kind).sort()).toEqual(['permits', 'unsubscribe', 'unsubscribe']);
    pipelines.unsubscribe();
    looking.unsubscribe();
  });

  it('that only wait behind a slow one are none', async () => {
    const looking = inspect$({ detail: 'all' }).subscribe();
    const lock = new Lock();
    const slow = of(1)
      .pipe(withLock(lock, () => NEVER))
      .subscribe();
    const innocent = of(2).pipe(withLock(lock)).subscribe();
    expect(await deadlocks()).toEqual([]);
    for (const each of [slow, innocent, looking]) each.unsubscribe();
  });
});

describe('there is no alarm', () => {
  it.each(ORDERED)('in 40,000 ordered acquisitions over %s', async (_, make) => {
    expect(await expectNoAlarm(make, 40_000)).toBeGreaterThan(0);
  });

  it('for a pipeline that waits for what another of its thread has', async () => {
    const lock = new Lock();
    const held = await lock.hold();
    const waiting = lock.hold().subscribe((later) => later.release());
    expect(await deadlocks()).toEqual([]);
    held.release();
    waiting.unsubscribe();
  });
});
