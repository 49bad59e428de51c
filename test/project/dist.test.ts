import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as library from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/run-node.js';

const dist = join(import.meta.dirname, '../../dist');
const MOST_MODULES = 28;

const modules = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(
  // What a browser loads is looked at by the browser's tests.
  (file) => /\.[cm]?js$/.test(file) && !/^monitor[\\/]page[\\/]/.test(file),
);

/** Runs a module in a process of its own; what it prints is JSON. */
async function printedBy(code: string, ...flags: string[]): Promise<unknown> {
  const { stdout, stderr } = await runNode([...flags, '--input-type=module', '--eval', code]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** Which of the two this thread has loaded: Node takes the CommonJS build of both. A worker of Piscina has its worker.js. */
const LOADED = `() => {
  const files = Object.keys(process.getBuiltinModule('node:module')._cache);
  const has = (path) => files.some((file) => file.replaceAll('\\\\', '/').includes('node_modules/' + path));
  return [has('rxjs/dist') && 'rxjs', has('piscina/dist/index.js') && 'piscina'].filter(Boolean);
}`;

describe('what is published', () => {
  it('is few modules, all side by side', () => {
    expect(modules).toContain('index.js');
    expect(modules.length, modules.join(', ')).toBeLessThanOrEqual(MOST_MODULES);
    expect(modules.filter((file) => /[\\/]/.test(file))).toEqual([]);
  });

  it('has every file that it looks for beside itself', () => {
    const named = modules.flatMap((file) =>
      [...readFileSync(join(dist, file), 'utf8').matchAll(/\bfileURLToPath\([\w.]+\)\), "(.+?)"\)/g)].map(
        ([, name = '']) => name,
      ),
    );
    expect([...new Set(named)].sort()).toEqual([
      'imports-bullmq.js',
      'imports-piscina.js',
      'job-body.js',
      'map-values.js',
      'monitor-worker.js',
      'monitor/page',
      'redis-keeper.js',
      'run-pipe.js',
      'worker-entry.cjs',
    ]);
    expect(named.filter((name) => !existsSync(join(dist, name)))).toEqual([]);
  });

  it('has maps that lead to src', () => {
    // worker-bundle.cjs has rxjs and Piscina, and no map; some entries have nothing of their own.
    const mapped = modules.filter((file) => existsSync(join(dist, `${file}.map`)));
    expect(mapped.length).toBeGreaterThan(8);
    for (const file of mapped) {
      const map = JSON.parse(readFileSync(join(dist, `${file}.map`), 'utf8')) as { sources: string[] };
      const own = map.sources.filter((source) => !source.includes('rolldown/runtime'));
      expect(own, file).not.toEqual([]);
      for (const source of own) {
        expect(source, file).toMatch(/^\.\.\/src\//);
        expect(existsSync(resolve(dist, source)), source).toBe(true);
      }
    }
  });

  it('keeps the names of classes', () => {
    const classes = Object.entries(library).filter(
      ([, value]) => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value)),
    );
    expect(classes.length).toBeGreaterThan(10);
    expect(classes.map(([, value]) => Reflect.get(value as object, 'name'))).toEqual(
      classes.map(([name]) => name),
    );
    expect(String(new library.Thread({ name: 'mill' }))).toMatch(/^<Thread\(mill/);
  });

  it('tells in stack traces where in src it was, in the worker as well', { timeout: 60_000 }, async () => {
    const [here, there] = (await printedBy(
      `
        import { Lock, Thread } from 'rxjs-threading';
        const stacks = [];
        try { new Lock().release(); } catch (error) { stacks.push(error.stack); }
        const fails = new Thread({ target: () => { throw new Error('as it is meant to'); } }).start();
        await fails.result().then(undefined, (error) => stacks.push(error.stack));
        console.log(JSON.stringify(stacks));
      `,
      '--enable-source-maps',
    )) as [string, string];
    expect(here).toMatch(/[\\/]src[\\/]primitives[\\/]lock\.ts:\d+/);
    expect(there).toMatch(/[\\/]src[\\/]pool[\\/]in-worker[\\/]thread-body\.ts:\d+/);
  });
});

describe.concurrent('what is loaded, and when', { timeout: 60_000 }, () => {
  it("is none of Node's modules that few programs need and that take long", async () => {
    const loaded = await printedBy(`
      import 'rxjs-threading';
      const natives = process.moduleLoadList.map((name) => name.replace('NativeModule ', ''));
      console.log(JSON.stringify(natives.filter((name) => ['crypto', 'http', 'inspector', 'v8'].includes(name))));
    `);
    expect(loaded).toEqual([]);
  });

  it('is piscina with the first thread', async () => {
    const loaded = await printedBy(`
      const loaded = ${LOADED};
      const { Lock, Thread } = await import('rxjs-threading');
      new Lock().acquireSync();
      const all = [loaded()];
      await new Thread({ target: () => 1 }).start().result();
      all.push(loaded());
      console.log(JSON.stringify(all));
    `);
    expect(loaded).toEqual([['rxjs'], ['rxjs', 'piscina']]);
  });

  it.each([
    ['a plain function', '[]'],
    ['an export of a module', "[{ module: 'node:path', export: 'basename' }]"],
    ['a function that throws', '[() => { throw 1; }]'],
    ['a generator', '[function* () { yield 1; }]'],
  ])('is no rxjs in a worker that has run %s', async (_, before) => {
    const loaded = await printedBy(`
      import { Thread, ThreadPool } from 'rxjs-threading';
      const pool = new ThreadPool({ maxThreads: 1 });
      const workers = new Set();
      let last;
      for (const target of [...${before}, ${LOADED}]) {
        last = new Thread({ target, args: ['a'], pool }).start();
        await last.result().then(undefined, () => {});
        workers.add(pool.piscina.threads[0].threadId);
      }
      console.log(JSON.stringify({ workers: workers.size, loaded: await last.result() }));
      await pool.close();
    `);
    expect(loaded).toEqual({ workers: 1, loaded: [] });
  });

  it('is no rxjs in a worker that maps values', async () => {
    const loaded = await printedBy(`
      import { lastValueFrom, of } from 'rxjs';
      import { threadMap } from 'rxjs-threading';
      console.log(JSON.stringify(await lastValueFrom(of(1).pipe(threadMap(${LOADED})))));
    `);
    expect(loaded).toEqual([]);
  });

  it('is one library a thread: a target that imports it finds the state that its thread runs on', async () => {
    const names = await printedBy(`
      import { lastValueFrom, of } from 'rxjs';
      import { Thread, threadMap, threadPipe } from 'rxjs-threading';
      const ask = async () => {
        const { currentThread, getIdent } = await import('rxjs-threading');
        return [currentThread().name, getIdent() === currentThread().ident];
      };
      console.log(JSON.stringify([
        await new Thread({ target: ask, name: 'plain' }).start().result(),
        await lastValueFrom(of(1).pipe(threadMap(ask))),
        await lastValueFrom(of(1).pipe(threadPipe(ask))),
      ]));
    `);
    expect(names).toEqual([
      ['plain', true],
      [expect.stringMatching(/^threadMap/), true],
      [expect.stringMatching(/^threadPipe/), true],
    ]);
  });
});
