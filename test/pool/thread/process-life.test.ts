import { describe, expect, it } from 'vitest';
import { runNode } from '../../support/run-node.js';

interface Life {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

/** Runs a program of its own; one that does not end is killed, and its code is null. */
async function live(program: string): Promise<Life> {
  const source = `import { Thread, Timer, enumerate, sleepSync } from 'rxjs-threading';\n${program}`;
  const began = performance.now();
  const { code, stdout, stderr } = await runNode(['--input-type=module', '--eval', source]);
  return { code, out: stdout.trim(), err: stderr, ms: performance.now() - began };
}

/** Prints "late" and ends `ms` later. */
const late = (ms: number): string =>
  `() => new Promise((resolve) => setTimeout(() => { console.log('late'); resolve(); }, ${ms}))`;

describe('a process', () => {
  it.concurrent.each<[string, string, string]>([
    ['stays for a running thread', `new Thread({ target: ${late(300)} }).start();`, 'late'],
    ['ends beside a daemon thread', `new Thread({ target: ${late(60_000)}, daemon: true }).start();`, ''],
    [
      'ends beside a daemon thread that never yields',
      'new Thread({ target: () => { for (;;); }, daemon: true }).start();',
      '',
    ],
    [
      'stays for a pending join of a daemon thread',
      `await new Thread({ target: ${late(300)}, daemon: true }).start().join(); console.log('joined');`,
      'late\njoined',
    ],
    [
      'ends after a pool that was given a stream which it has not read',
      "import('rxjs-threading').then(async ({ ThreadPool, transfer }) => { const pool = new ThreadPool({ maxThreads: 1 }); console.log(await pool.run((stream) => stream.locked, [transfer(new ReadableStream())])); await pool.close(); });",
      'false',
    ],
    ...[
      ['in line', ''],
      ['in line, which is withdrawn', 'pool.run(first, [endless()]).subscribe().unsubscribe();'],
      ['of a Timer', 'console.log(await new Timer(20, first, [endless()]).start().result());'],
      [
        'of a Timer that is cancelled',
        'const timer = new Timer(60_000, first, [endless()]).start(); timer.cancel(); await timer.join();',
      ],
    ].map(([whose, step]): [string, string, string] => [
      `ends although a stream that was not read to its end was an argument ${whose}`,
      `import('rxjs-threading').then(async ({ ThreadPool, transfer }) => {
        const endless = () => transfer(new ReadableStream({ pull: (to) => to.enqueue('first') }));
        const first = async (stream) => (await stream.getReader().read()).value;
        const pool = new ThreadPool({ maxThreads: 1 });
        const busy = pool.run(() => {}).then();
        ${step}
        console.log(await pool.run(first, [endless()]));
        await pool.close();
      });`,
      whose === 'of a Timer' ? 'first\nfirst' : 'first',
    ]),
    ...[
      [
        'a job that was withdrawn as its worker came up',
        'const idle = new ThreadPool({ maxThreads: 1 }); idle.run(take, [port()]).subscribe().unsubscribe(); await idle.run(() => {});',
      ],
      ['a job that was withdrawn in line', 'pool.run(take, [port()]).subscribe().unsubscribe();'],
      [
        'a Timer that was cancelled',
        'const timer = new Timer(60_000, take, [port()]).start(); timer.cancel(); await timer.join();',
      ],
      [
        'a Timer whose pool was closed',
        'const timer = new Timer(20, take, [port()], { pool }).start(); const end = timer.result().then(null, () => {}); await pool.close(); await end;',
      ],
    ].map(([whose, step]): [string, string, string] => [
      `ends although it hears a port whose other end was an argument of ${whose}`,
      `import('rxjs-threading').then(async ({ ThreadPool, transfer }) => {
        const take = (port) => { port.close(); };
        const port = () => {
          const { port1, port2 } = new MessageChannel();
          port1.addEventListener('close', () => console.log('closed'));
          port1.onmessage = () => {};
          return transfer(port2);
        };
        const pool = new ThreadPool({ maxThreads: 1 });
        const busy = pool.run(() => {}).then();
        ${step}
        await pool.close();
      });`,
      'closed',
    ]),
    [
      'stays until a daemon thread that another one started is terminated',
      `const begin = async () => {
        const { Thread } = await import('rxjs-threading');
        await new Thread({ name: 'inner', daemon: true, target: () => new Promise(() => {}) }).start().join();
      };
      new Thread({ daemon: true, target: begin }).start();
      const inner = () => enumerate().find(({ name, state }) => name === 'inner' && state === 'running');
      const look = setInterval(() => {
        if (inner() === undefined) return;
        clearInterval(look);
        inner().terminate().then(() => console.log('terminated'));
      }, 10);`,
      'terminated',
    ],
    [
      'ends beside idle workers',
      "console.log(await new Thread({ target: () => 'done' }).start().result());",
      'done',
    ],
    [
      'ends beside streams of state',
      "const t = new Thread({ target: () => 1 }); t.state$.subscribe(); t.isAlive$.subscribe(); t.output$.subscribe(); t.start(); console.log('on');",
      'on',
    ],
    ['stays for a Timer', "new Timer(300, () => console.log('hello, world')).start();", 'hello, world'],
    [
      'ends beside a daemon Timer',
      "new Timer(60_000, () => console.log('hello'), [], { daemon: true }).start();",
      '',
    ],
    [
      'ends beside a cancelled Timer',
      "const t = new Timer(60_000, () => console.log('hello')).start(); t.cancel();",
      '',
    ],
    [
      'ends beside what a thread left behind',
      'await new Thread({ target: () => void setInterval(() => {}, 10) }).start().join();',
      '',
    ],
    [
      'stays for a thread that a thread started',
      `new Thread({ target: async () => { const { Thread } = await import('rxjs-threading'); new Thread({ target: ${late(300)} }).start(); } }).start();`,
      'late',
    ],
    [
      'stays for a thread that a daemon thread started',
      `await new Thread({ daemon: true, target: async () => { const { Thread } = await import('rxjs-threading'); new Thread({ daemon: false, target: ${late(300)} }).start(); } }).start().join();`,
      'late',
    ],
  ])('%s', async (_, program, out) => {
    expect(await live(program)).toMatchObject({ code: 0, out, err: '' });
  });

  it('loses nothing that a thread printed', async () => {
    const { out, code } = await live(
      'new Thread({ target: () => { for (let i = 0; i < 3000; i++) console.log(i); } }).start().joinSync();',
    );
    expect(code).toBe(0);
    expect(out.split('\n')).toHaveLength(3000);
  });

  it('ends within moments of its last thread', async () => {
    const { ms: nothing } = await live('');
    const { ms } = await live('new Thread({ target: () => 1 }).start();');
    expect(ms - nothing).toBeLessThan(2000);
  });

  it('goes on when a thread calls process.exit, and tells of it', async () => {
    const { code, out, err } = await live(
      "const t = new Thread({ name: 'quitter', target: () => process.exit(7) }).start(); await t.join(); console.log('main goes on');",
    );
    expect(code).toBe(0);
    expect(out).toBe('main goes on');
    expect(err).toMatch(/^Exception in thread quitter:\n.*process\.exit\(7\)/);
  });

  it('fails with its main thread, whatever runs beside it', async () => {
    const { code, err } = await live(
      "new Thread({ target: () => { for (;;); } }).start(); throw new Error('in main');",
    );
    expect(code).toBe(1);
    expect(err).toMatch(/in main/);
  });
});
