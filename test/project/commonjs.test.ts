import { createRequire } from 'node:module';
import { join } from 'node:path';
import { firstValueFrom, of } from 'rxjs';
import { Lock, type Thread, Thread as ThreadClass, withLock } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import type * as Library from '../../src/index.js';
import { runNode } from '../support/run-node.js';

const COMMONJS = join(import.meta.dirname, '../../dist/index.cjs');
const require = createRequire(import.meta.url);
/** A second copy, as a loader has it that does not know the condition `module-sync`. */
const other = require(COMMONJS) as typeof Library;

type Loader = (path: string) => typeof Library;

describe('the CommonJS build', { timeout: 60_000 }, () => {
  it('has what the ESM build has', async () => {
    const { stdout, stderr } = await runNode([
      '--eval',
      `const other = require(${JSON.stringify(COMMONJS)});
       import('rxjs-threading').then((library) =>
         console.log(JSON.stringify([Object.keys(library).sort(), Object.keys(other).sort()])));`,
    ]);
    expect(stderr).toBe('');
    const [own, others] = JSON.parse(stdout) as [string[], string[]];
    expect(others).toEqual(own);
  });

  it('is not what require finds in a Node that can require ES modules: there is one copy', async () => {
    const { stdout } = await runNode([
      '--no-warnings',
      '--eval',
      `const { Lock } = require('rxjs-threading');
       import('rxjs-threading').then((library) => console.log(library.Lock === Lock));`,
    ]);
    expect(stdout).toBe('true\n');
  });

  it('runs threads', async () => {
    const { stdout, stderr } = await runNode([
      '--eval',
      `const { Thread, threadMap } = require(${JSON.stringify(COMMONJS)});
       const { of, lastValueFrom } = require('rxjs');
       const six = new Thread({ target: (a) => a * 2, args: [3] }).start();
       six.result().then((result) => console.log(result));
       lastValueFrom(of(5).pipe(threadMap((a) => a + 1))).then((result) => console.log(result + 1));`,
    ]);
    expect(stderr).toBe('');
    expect(stdout.split('\n').sort()).toEqual(['', '6', '7']);
  });
});

describe('two copies in one thread', { timeout: 60_000 }, () => {
  it('are two, with one table of threads', () => {
    expect(other.Lock).not.toBe(Lock);
    expect(other.getIdent()).toBe(other.mainThread().ident);
    const idents = [new Lock().id, new other.Lock().id, new Lock().id];
    expect(new Set(idents).size).toBe(3);
  });

  it('take the primitives of each other', async () => {
    const lock = new other.Lock();
    expect(await firstValueFrom(of(1).pipe(withLock(lock, () => of(lock.locked()))))).toBe(true);
    const thread = new ThreadClass({
      target: (lock: Lock) => lock.acquireSync(),
      args: [lock as unknown as Lock],
    });
    expect(await thread.start().result()).toBe(true);
    expect(lock.locked()).toBe(true);
    lock.release();
  });

  it.each([
    ['ESM', ThreadClass],
    ['CommonJS', other.Thread as unknown as typeof ThreadClass],
  ])(
    'know which thread runs, in a thread that the %s build has started',
    async (_, Starter: typeof Thread) => {
      const job = async (path: string) => {
        const { createRequire } = await import('node:module');
        const other = (createRequire(path) as unknown as Loader)(path);
        const library: typeof Library = await import('rxjs-threading' as string);
        const lock = new other.Lock();
        lock.acquireSync();
        other.reportProgress(other.currentThread().name);
        return [
          other.Lock === library.Lock,
          other.getIdent() === library.getIdent(),
          lock.owner === library.getIdent(),
        ];
      };
      const thread = new Starter({ target: job, args: [COMMONJS], name: 'job' });
      const told: unknown[] = [];
      thread.progress$.subscribe((name) => told.push(name));
      expect(await thread.start().result()).toEqual([false, true, true]);
      expect(told).toEqual(['job']);
    },
  );

  it('hear of a cancel, and why', async () => {
    const job = async (path: string) => {
      const { createRequire } = await import('node:module');
      const other = (createRequire(path) as unknown as Loader)(path);
      other.reportProgress('waits');
      try {
        new other.Event().waitSync();
        return 'was set';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const thread = new ThreadClass({ target: job, args: [COMMONJS] });
    thread.progress$.subscribe(() => thread.cancel(new Error('no more of this')));
    expect(await thread.start().result()).toBe('no more of this');
  });
});
