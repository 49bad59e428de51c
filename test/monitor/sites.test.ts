import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runInThisContext } from 'node:vm';
import type { Subscription } from 'rxjs';
import { Event, Lock, Thread } from 'rxjs-threading';
import { type ContentionInfo, inspect, inspect$, type Site } from 'rxjs-threading/monitor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sleep } from '../support/random.js';

let looking: Subscription;
let lock: Lock;
let folder: string;
beforeEach(() => {
  looking = inspect$({ detail: 'all' }).subscribe();
  lock = new Lock();
  lock.acquireSync();
  folder = mkdtempSync(join(tmpdir(), 'sites-'));
});
afterEach(() => looking.unsubscribe());

/** Where the only one begun that waits for the lock. */
function site(): Site | null | undefined {
  return inspect().waits.find(({ primitive }) => primitive === lock.id)?.site;
}

function contention(): ContentionInfo | undefined {
  return inspect({ watch: [lock] }).primitives.find(({ id }) => id === lock.id)?.contention;
}

function here(): Subscription {
  return lock.acquire().subscribe(() => lock.release());
}

function elsewhere(): Subscription {
  return lock.acquire({ timeout: 1 }).subscribe();
}

describe('the place where a wait began', () => {
  it('is the first that is neither of this library nor of RxJS, relative to the working directory', () => {
    const waiting = here();
    expect(site()).toMatchObject({ function: 'here', file: 'test/monitor/sites.test.ts' });
    waiting.unsubscribe();
  });

  it.each([
    ['outside of that with .. in it', 'outside'],
    ['whatever the folder is called', '100%/a#b?c d'],
  ])('is told %s', (_, name) => {
    const path = join(folder, name, 'wait.cjs');
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(path, 'exports.wait = function wait(lock) { return lock.acquire().subscribe(); };');
    const waiting = createRequire(import.meta.url)(path).wait(lock) as Subscription;
    const { function: called, file, line } = site() as Site;
    expect({ called, file, line }).toEqual({ called: 'wait', file: relative('.', path), line: 1 });
    waiting.unsubscribe();
  });

  it('is told by its end, of a path of hundreds of characters', () => {
    const path = join(folder, `${'a long name '.repeat(8)}/`.repeat(4), 'wait.cjs');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'exports.wait = function wait(lock) { return lock.acquire().subscribe(); };');
    const waiting = createRequire(import.meta.url)(path).wait(lock) as Subscription;
    expect(site()).toMatchObject({ function: 'wait', file: expect.stringMatching(/^….*name \/wait\.cjs$/) });
    waiting.unsubscribe();
  });

  it('is the path within, of a package', () => {
    const path = join(folder, 'node_modules', '@some', 'package', 'wait.cjs');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'exports.wait = function wait(lock) { return lock.acquire().subscribe(); };');
    const waiting = createRequire(import.meta.url)(path).wait(lock) as Subscription;
    expect(site()?.file).toBe(join('@some', 'package', 'wait.cjs'));
    waiting.unsubscribe();
  });

  it('is inline, of a function that has travelled by its source; also of a join', async () => {
    const target = function work(from: Lock) {
      from.acquireSync();
      from.release();
    };
    const thread = new Thread({ target, args: [lock] }).start();
    while (lock.waiting === 0) await sleep(5);
    expect(site()).toMatchObject({ function: 'work', file: '<inline>' });
    const joins = new Thread({
      target: function joiner(other: Thread) {
        other.joinSync();
      },
      args: [thread],
    }).start();
    const join = () =>
      inspect().waits.find(({ ident, primitive }) => ident === joins.ident && primitive === null);
    while (join() === undefined) await sleep(5);
    expect(join()?.site).toMatchObject({ function: 'joiner', file: '<inline>' });
    lock.release();
    await joins.join();
  });
});

describe('a program whose intrinsics are frozen', () => {
  it('waits as any other, and is told of no places', () => {
    const program = `
      const { Lock } = await import('rxjs-threading');
      const { inspect, inspect$ } = await import('rxjs-threading/monitor');
      inspect$({ detail: 'all' }).subscribe();
      const lock = new Lock();
      lock.acquireSync();
      lock.acquire().subscribe();
      console.log(lock.acquireSync({ timeout: 1 }), inspect().waits[0].site);
      process.exit();`;
    const flags = ['--frozen-intrinsics', '--no-warnings', '--input-type=module', '-e', program];
    expect(execFileSync(process.execPath, flags, { encoding: 'utf8' })).toBe('false null\n');
  });
});

describe('the places where a primitive was waited for', () => {
  it('come with how often and how long, the most time first', async () => {
    for (let n = 0; n < 3; n++) elsewhere();
    while (lock.waiting > 0) await sleep(5);
    const waiting = here();
    const event = new Event();
    const others = new Thread({
      target: function other(from: Lock, begun: Event) {
        begun.set();
        from.acquireSync();
        from.release();
      },
      args: [lock, event],
    }).start();
    await event.wait();
    await sleep(100);
    const before = contention();
    lock.release();
    await others.join();
    waiting.unsubscribe();

    expect(before?.sites.map(({ function: name, waits }) => [name, waits])).toEqual([['elsewhere', 3]]);
    const sites = contention()?.sites ?? [];
    expect(Object.fromEntries(sites.map(({ function: name, waits }) => [name, waits]))).toEqual({
      elsewhere: 3,
      here: 1,
      ...(sites.length === 3 && { other: 1 }),
    });
    const times = sites.map(({ waitTime }) => waitTime);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(times.reduce((sum, time) => sum + time, 0)).toBeCloseTo(contention()?.wait.total as number, 3);
  });

  it('are ten at most', async () => {
    for (let n = 0; n < 12; n++)
      runInThisContext('(lock) => lock.acquire({ timeout: 1 }).subscribe()', { filename: `place-${n}` })(
        lock,
      );
    while (lock.waiting > 0) await sleep(5);
    expect(contention()?.wait.count).toBe(12);
    expect(contention()?.sites).toHaveLength(10);
  });
});
