import { config, firstValueFrom, type Observable, repeat, take, tap } from 'rxjs';
import {
  activeCount$,
  Barrier,
  Event,
  enumerate$,
  Lock,
  type PoolStats,
  RLock,
  Semaphore,
  Thread,
  ThreadPool,
  threadModule,
} from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';
import type * as fixture from '../fixtures/stress/streams.js';
import { until } from '../support/turns.js';

const threads = threadModule<typeof fixture>(new URL('../fixtures/stress/streams.js', import.meta.url));
const CHANGES = 20_000;

interface Case {
  readonly stream: string;
  readonly kind: string;
  readonly make: () => object;
  readonly last: unknown;
}

const cases: Case[] = [
  { stream: 'locked$', kind: 'locked', make: () => new Lock(), last: true },
  { stream: 'locked$', kind: 'locked', make: () => new RLock(), last: true },
  { stream: 'isSet$', kind: 'isSet', make: () => new Event(), last: true },
  { stream: 'value$', kind: 'value', make: () => new Semaphore(0), last: CHANGES },
  { stream: 'nWaiting$', kind: 'nWaiting', make: () => new Barrier(3), last: 1 },
  { stream: 'broken$', kind: 'broken', make: () => new Barrier(3), last: true },
];

const streamOf = (primitive: object, stream: string): Observable<unknown> =>
  (primitive as Record<string, Observable<unknown>>)[stream]!;
const named = cases.map((it) => [`${it.stream} of a ${it.make().constructor.name}`, it] as const);

/** A worker that changes it at full speed and stays then; `end` lets it go. */
function writer({ kind }: Case, primitive: object, written = new Event()) {
  const over = new Event();
  const target = threads.write;
  const thread = new Thread({ target, args: [kind, primitive, CHANGES, written, over] }).start();
  const end = async (): Promise<void> => {
    over.set();
    await thread.result();
  };
  return { written, end };
}

/** Each differs from the one before. */
function expectDistinct(told: readonly unknown[]): void {
  for (const [at, value] of told.entries()) if (at > 0) expect(value).not.toEqual(told[at - 1]);
}

afterEach(() => {
  config.onUnhandledError = null;
});

describe.each(named)('%s, changed at full speed by a worker,', (_, it$) => {
  it('tells a loop that was busy meanwhile the last state, once', async () => {
    const primitive = it$.make();
    const told: unknown[] = [];
    const watching = streamOf(primitive, it$.stream).subscribe((value) => told.push(value));
    const [before] = told;
    const { written, end } = writer(it$, primitive);
    expect(written.waitSync({ timeout: 15_000 })).toBe(true);
    await until(() => told.length > 1);
    expect(told).toEqual([before, it$.last]);
    watching.unsubscribe();
    await end();
  });

  it('tells main and another worker the last state, and never the same twice in a row', async () => {
    const primitive = it$.make();
    const told: unknown[] = [];
    const begun = new Event();
    const written = new Event();
    const args = [it$.stream, primitive, it$.last, begun, written] as const;
    const elsewhere = new Thread({ target: threads.watch, args }).start();
    const watching = streamOf(primitive, it$.stream).subscribe((value) => told.push(value));
    await begun.wait();
    const { end } = writer(it$, primitive, written);
    const toldElsewhere = (await elsewhere.result()) as unknown[];
    await until(() => told.at(-1) === it$.last);
    expectDistinct(told);
    expectDistinct(toldElsewhere);
    watching.unsubscribe();
    await end();
  });

  it('goes on for others when one leaves in its own next, and another throws', async () => {
    const primitive = it$.make();
    const stream$ = streamOf(primitive, it$.stream);
    const brief: unknown[] = [];
    const told: unknown[] = [];
    const thrown: unknown[] = [];
    config.onUnhandledError = (error) => thrown.push(error);
    stream$.pipe(take(2)).subscribe((value) => brief.push(value));
    let throws = 0;
    const watching = stream$.subscribe((value) => {
      throws++;
      throw value;
    });
    watching.add(stream$.subscribe((value) => told.push(value)));
    const { written, end } = writer(it$, primitive);
    await written.wait();
    await until(() => told.at(-1) === it$.last);
    watching.unsubscribe();
    // RxJS reports them later.
    await until(() => thrown.length === throws);
    expect(thrown).toEqual(told);
    expect(brief).toEqual(told.slice(0, 2));
    await end();
  });

  it('lets the loop turn, and tells nothing old, when one comes again in its own next', async () => {
    const primitive = it$.make();
    const told: unknown[] = [];
    const watching = streamOf(primitive, it$.stream)
      .pipe(
        tap((value) => told.push(value)),
        take(2),
        repeat(),
      )
      .subscribe();
    const { written, end } = writer(it$, primitive);
    await written.wait();
    await until(() => told.at(-1) === it$.last);
    if (it$.kind === 'value') expect(told).toEqual((told as number[]).toSorted((a, b) => a - b));
    watching.unsubscribe();
    await end();
  });
});

describe('the streams of threads', () => {
  it('tell a loop that was busy meanwhile who is left, once', async () => {
    const counts: number[] = [];
    const names: string[][] = [];
    const watching = activeCount$.subscribe((count) => counts.push(count));
    watching.add(enumerate$.subscribe((threads) => names.push(threads.map(({ name }) => name))));
    const [before] = counts as [number];
    const written = new Event();
    const over = new Event();
    const starter = new Thread({ target: threads.startMany, args: [30, 3, written, over], name: 'starter' });
    starter.start();
    expect(written.waitSync({ timeout: 15_000 })).toBe(true);
    await until(() => counts.length > 1 && names.length > 1);
    expect(counts).toEqual([before, before + 4]);
    expect(names[1]).toEqual(['MainThread', 'starter', 'stays 1', 'stays 2', 'stays 3']);
    over.set();
    await until(() => counts.at(-1) === before && names.at(-1)?.length === before);
    expectDistinct(counts);
    expectDistinct(names);
    watching.unsubscribe();
  });

  it('tell nothing of a thread that is over before they can', async () => {
    const over = new Event();
    const seen: number[] = [];
    const watching = enumerate$.subscribe((threads) => {
      seen.push(threads.length);
      over.set();
      for (const thread of threads) if (thread.name === 'brief') thread.joinSync();
    });
    over.clear();
    const names: string[][] = [];
    watching.add(enumerate$.subscribe((threads) => names.push(threads.map(({ name }) => name))));
    new Thread({ target: (over: Event) => over.waitSync(), args: [over], name: 'brief' }).start();
    await until(() => seen.length === 3);
    expect(seen).toEqual([1, 2, 1]);
    expect(names).toEqual([['MainThread']]);
    watching.unsubscribe();
  });

  it('tell of the end of a thread that was killed', async () => {
    const counts: number[] = [];
    const alive: boolean[] = [];
    const states: string[] = [];
    const watching = activeCount$.subscribe((count) => counts.push(count));
    const begun = new Event();
    const thread = new Thread({
      target: (begun: Event) => {
        begun.set();
        for (;;);
      },
      args: [begun],
    });
    watching.add(thread.isAlive$.subscribe((value) => alive.push(value)));
    watching.add(thread.state$.subscribe((state) => states.push(state)));
    thread.start();
    await begun.wait();
    await until(() => states.at(-1) === 'running' && counts.at(-1) === 2);
    await thread.terminate();
    await until(() => states.at(-1) === 'stopped' && counts.at(-1) === 1 && alive.at(-1) === false);
    expect(alive).toEqual([false, true, false]);
    expect(states.filter((state) => state !== 'queued')).toEqual(['initial', 'running', 'stopped']);
    watching.unsubscribe();
  });

  it('tell a loop that was busy from the start to the end of a thread nothing but that', async () => {
    const alive: boolean[] = [];
    const states: string[] = [];
    const thread = new Thread({ target: () => {} });
    const watching = thread.isAlive$.subscribe((value) => alive.push(value));
    watching.add(thread.state$.subscribe((state) => states.push(state)));
    thread.start().joinSync();
    await until(() => states.length > 1);
    await thread.result();
    expect(states).toEqual(['initial', 'stopped']);
    expect(alive).toEqual([false]);
    watching.unsubscribe();
  });
});

describe('stats$ of a ThreadPool', () => {
  it('tells a flood of jobs in few emissions, no two the same, and the last state', async () => {
    const pool = new ThreadPool({ maxThreads: 2, minThreads: 0, idleTimeout: 20 });
    const told: PoolStats[] = [];
    const watching = pool.stats$.subscribe((stats) => told.push(stats));
    const jobs = Array.from({ length: 300 }, (_, n) => firstValueFrom(pool.run((m: number) => m, [n])));
    await Promise.all(jobs);
    await until(() => told.at(-1)?.busy === 0 && told.at(-1)?.threads === 0);
    expect(told.at(-1)).toEqual(pool.stats);
    expect(told.at(-1)).toMatchObject({ completed: 300, failed: 0, queued: 0 });
    // All are accepted in one turn of the loop.
    expect(told[1]).toMatchObject({ busy: 2, queued: 298 });
    expectDistinct(told);
    watching.unsubscribe();
    await pool.close();
  });

  it('neither hangs nor repeats itself for one that comes again in its own next', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const told: PoolStats[] = [];
    const again$ = pool.stats$.pipe(take(2), repeat(10_000));
    const watching = again$.subscribe((stats) => told.push(stats));
    watching.add(pool.stats$.pipe(take(1)).subscribe());
    await pool.run(() => 1);
    await until(() => told.at(-1)?.completed === 1 && told.at(-1)?.busy === 0);
    expect(told.length).toBeLessThan(100);
    await pool.close();
    await until(() => told.at(-1)?.threads === 0);
    watching.unsubscribe();
  });
});
