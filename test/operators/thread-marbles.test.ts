// Aligned marbles of the operators over threads, with real workers: test/support/rounds.ts.
import { concat, defer, map, NEVER, type Observable, Subject, take, tap } from 'rxjs';
import { activeCount, runInThread, ThreadPool, threadMap, threadModule, threadPipe } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';
import { inRounds } from '../support/rounds.js';
import { until } from '../support/turns.js';

const targets = threadModule<typeof import('../fixtures/operators/rounds.js')>(
  new URL('../fixtures/operators/rounds.js', import.meta.url),
);
const pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
afterAll(() => pool.close());
const idle = () => until(() => pool.stats.busy + pool.stats.queued === 0);
const alone = () => until(() => activeCount() === 1);

describe('threadMap, with real workers,', () => {
  it('has as many at work as the pool has workers, and keeps their order', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const images = hot('-abc------|   ');
      const job = jobs({
        a: '              -^----!       ',
        b: '              --^-!         ',
        c: '              ----^-----!   ',
      });
      const expected = '  ------(ab)(c|)';
      expectObservable(images.pipe(map(job), threadMap(targets.work, { pool }))).toBe(expected);
    });
    await idle();
  });

  it('emits as they come what need not be in order', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const images = hot('-abc------|   ');
      const job = jobs({
        a: '              -^----!       ',
        b: '              --^-!         ',
        c: '              ----^-----!   ',
      });
      const expected = '  ----b-a---(c|)';
      expectObservable(images.pipe(map(job), threadMap(targets.work, { pool, ordered: false }))).toBe(
        expected,
      );
    });
    await idle();
  });

  it('starts as many as its concurrency says, and keeps the surplus of a faster source', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const images = hot('(abc|)         ');
      const job = jobs({
        a: '              ^--!           ',
        b: '              ---^--!        ',
        c: '              ------^--!     ',
      });
      const expected = '  ---a--b--(c|)  ';
      const alone = threadMap(targets.work, { pool, concurrency: 1 });
      expectObservable(images.pipe(map(job), alone)).toBe(expected);
    });
    await idle();
  });

  it('completes after what works, and not before the source', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const early = hot('    -a|      ');
      const late = hot('     -b----|  ');
      const job = jobs({ a: '-^---!   ', b: '-^--!    ' });
      expectObservable(early.pipe(map(job), threadMap(targets.work, { pool }))).toBe('-----(a|)');
      expectObservable(late.pipe(map(job), threadMap(targets.work, { pool }))).toBe(' ----b-|  ');
    });
    await idle();
  });

  it('does not make an error of the source wait, and stops what works', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const images = hot('-ab-c--#');
      const job = jobs({
        a: '              -^-!    ',
        b: '              --^----x',
        c: '              ----^--x',
      });
      const expected = '  ---a---#';
      expectObservable(images.pipe(map(job), threadMap(targets.work, { pool }))).toBe(expected);
    });
    await idle();
  });

  it('fails as a value that fails, after those before it, and begins none after', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const images = hot('-ab---c---|');
      const job = jobs({
        a: '              -^------!  ',
        b: '              --^-#      ',
        c: '                         ',
      });
      const expected = '  --------(a#)';
      expectObservable(images.pipe(map(job), threadMap(targets.work, { pool, batch: 1 }))).toBe(
        expected,
        undefined,
        'RangeError: no b',
      );
    });
    await idle();
  });

  it('left while values work and wait, stops the ones and begins none of the others', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const images = hot('-abcd--------');
      const leave = '     ------!      ';
      const other = hot(' ----------e| ');
      const job = jobs({
        a: '              -^--!        ',
        b: '              --^---x      ',
        c: '              ----^-x      ',
        d: '                           ',
        e: '              ----------^-!',
      });
      const mapped = (source: Observable<string>) => source.pipe(map(job), threadMap(targets.work, { pool }));
      expectObservable(mapped(images), leave).toBe('----a');
      expectObservable(mapped(other)).toBe('        ------------(e|)');
    });
    await idle();
  });

  it('is subscribed to again while it works, by another with a worker of its own', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const images = hot('-a---b---|');
      const job = jobs({ a: '-^-!', b: '-----^-!' });
      const again = jobs({ a: '-^--!', b: '-----^--!' });
      const mapping = threadMap(targets.work, { pool });
      expectObservable(images.pipe(map(job), mapping)).toBe('  ---a---b-|');
      expectObservable(images.pipe(map(again), mapping)).toBe('----a---b|');
    });
    await idle();
  });

  it('takes what its own consumer sends, in its turn', async () => {
    await inRounds(({ jobs, expectObservable }) => {
      const values = new Subject<string>();
      const job = jobs({ a: '^--!', b: '---^--!' });
      const sendNext = (value: unknown) => (value === 'a' ? values.next('b') : values.complete());
      const mapped = values.pipe(map(job), threadMap(targets.work, { pool }), tap(sendNext));
      const begun = defer(() => {
        queueMicrotask(() => values.next('a'));
        return mapped;
      });
      expectObservable(begun).toBe('---a--(b|)');
    });
    await idle();
  });
});

describe('threadPipe, with a real worker,', () => {
  it('passes values one after the other, and completes after them', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const source = hot('-ab----c-|    ');
      const job = jobs({
        a: '              -^-!          ',
        b: '              ---^-!        ',
        c: '              -------^--!   ',
      });
      const expected = '  ---a-b----(c|)';
      expectObservable(source.pipe(map(job), threadPipe(targets.workAll))).toBe(expected);
    });
    await alone();
  });

  it('keeps in its thread what a faster source sends', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const source = hot('(abc|)      ');
      const job = jobs({
        a: '              ^-!         ',
        b: '              --^-!       ',
        c: '              ----^-!     ',
      });
      const expected = '  --a-b-(c|)  ';
      expectObservable(source.pipe(map(job), threadPipe(targets.workAll))).toBe(expected);
    });
    await alone();
  });

  it('passes the errors of the source through, and fails as its pipeline fails', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const source = hot(' -a-b-#   ');
      const failing = hot('-c-d-----');
      const job = jobs({
        a: '               -^-!     ',
        b: '               ---^-x   ',
        c: '               -^-#     ',
        d: '                        ',
      });
      const piped = threadPipe(targets.workAll);
      expectObservable(source.pipe(map(job), piped)).toBe(' ---a-#');
      expectObservable(failing.pipe(map(job), piped)).toBe('---#', undefined, 'RangeError: no c');
    });
    await alone();
  });

  it('left while a value works and another waits, stops the one and begins not the other', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const source = hot('-abc---');
      const leave = '     -----! ';
      const job = jobs({
        a: '              -^-!   ',
        b: '              ---^-x ',
        c: '                     ',
      });
      const expected = '  ---a   ';
      expectObservable(source.pipe(map(job), threadPipe(targets.workAll)), leave).toBe(expected);
    });
    await alone();
  });

  it('has a thread a subscription', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const source = hot('-a---|   ');
      const job = jobs({ a: '-^-!  ' });
      const again = jobs({ a: '-^-----!' });
      const piping = threadPipe(targets.workAll);
      expectObservable(source.pipe(map(job), piping)).toBe('  ---a-|');
      expectObservable(source.pipe(map(again), piping)).toBe('-------(a|)');
    });
    await alone();
  });

  it('takes what its own consumer sends', async () => {
    await inRounds(({ hot, jobs, expectObservable }) => {
      const first = hot('-a       ');
      const values = new Subject<string>();
      const job = jobs({ a: '-^-!', b: '---^--!' });
      const sendNext = (value: unknown) => (value === 'a' ? values.next('b') : values.complete());
      const piped = values.pipe(map(job), threadPipe(targets.workAll), tap(sendNext));
      const fed = defer(() => {
        first.pipe(take(1)).subscribe((value) => values.next(value));
        return piped;
      });
      expectObservable(fed).toBe('---a--(b|)');
    });
    await alone();
  });
});

describe('runInThread, with a real worker,', () => {
  it('emits what its target streams, and completes with it', async () => {
    await inRounds(({ jobs, expectObservable }) => {
      const job = jobs({
        a: '            ^-!       ',
        b: '            --^--!    ',
      });
      const expected = '--a--(b|) ';
      expectObservable(runInThread(targets.workThrough, [[job('a'), job('b')]])).toBe(expected);
    });
    await alone();
  });

  it('fails as its target fails', async () => {
    await inRounds(({ jobs, expectObservable }) => {
      const job = jobs({
        a: '            ^-!    ',
        b: '            --^--# ',
        c: '                   ',
      });
      const expected = '--a--# ';
      const run = runInThread(targets.workThrough, [[job('a'), job('b'), job('c')]]);
      expectObservable(run).toBe(expected, undefined, 'RangeError: no b');
    });
    await alone();
  });

  it('left while it works, is stopped', async () => {
    await inRounds(({ jobs, expectObservable }) => {
      const job = jobs({
        a: '            ^-!    ',
        b: '            --^--x ',
        c: '                   ',
      });
      const leave = '   -----! ';
      const expected = '--a    ';
      expectObservable(runInThread(targets.workThrough, [[job('a'), job('b'), job('c')]]), leave).toBe(
        expected,
      );
    });
    await alone();
  });

  it('left while it waits for a worker, never begins', async () => {
    const one = new ThreadPool({ maxThreads: 1 });
    await inRounds(({ jobs, expectObservable }) => {
      const job = jobs({
        a: '             ^----!   ',
        b: '                      ',
        c: '             -----^-! ',
      });
      const run = (value: string) => runInThread(targets.work, [job(value)], { pool: one });
      expectObservable(run('a')).toBe('       -----(a|)');
      expectObservable(run('b'), '---!').toBe('');
      expectObservable(run('c')).toBe('       -------(c|)');
    });
    await one.close();
    expect(one.stats).toMatchObject({ completed: 2, failed: 0, queued: 0 });
  });

  it('runs anew for each subscription, one within the end of another too', async () => {
    await inRounds(({ jobs, expectObservable }) => {
      const job = jobs({ a: '^--!', b: '---^-!' });
      const run = (value: string) => defer(() => runInThread(targets.work, [job(value)]));
      expectObservable(concat(run('a'), run('b'), NEVER), '---------!').toBe('---a-b');
    });
    await alone();
  });
});
