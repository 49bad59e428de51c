import { describe, expect, it } from 'vitest';
import { runNode } from '../../support/run-node.js';

interface Life {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program of its own; one that does not end is killed, and its code is null. */
async function live(program: string): Promise<Life> {
  const source = `import { Event, Thread, ThreadPool } from 'rxjs-threading';\n${program}`;
  const { code, stdout, stderr } = await runNode(['--input-type=module', '--eval', source]);
  return { code, out: stdout.trim(), err: stderr };
}

const POOL = 'const pool = new ThreadPool({ maxThreads: 1, idleTimeout: Infinity });';
/** Prints what it is called with, 100 ms later. */
const LATE = '(text) => new Promise((end) => setTimeout(() => { console.log(text); end(); }, 100))';

describe('a process', () => {
  it.each<[string, string, string]>([
    ['ends beside a pool that was never used', `${POOL} console.log('end');`, 'end'],
    ['ends beside idle workers', `${POOL} console.log(await pool.run(() => 'done'));`, 'done'],
    [
      'ends beside the streams of a pool',
      `${POOL} pool.stats$.subscribe(); pool.warnings$.subscribe(); console.log(await pool.run(() => 1));`,
      '1',
    ],
    ['stays for a job that runs', `${POOL} pool.run(${LATE}, ['late']).subscribe();`, 'late'],
    [
      'stays for what is queued, in a cold pool',
      `const pool = new ThreadPool({ maxThreads: 1, minThreads: 0 });
       for (const n of [1, 2, 3]) pool.run(${LATE}, [n]).subscribe();`,
      '1\n2\n3',
    ],
    [
      'stays for what is queued behind one that is killed',
      `${POOL} const first = pool.run(() => { for (;;); }, [], { grace: 50 }).subscribe();
       pool.run(${LATE}, ['second']).subscribe();
       setTimeout(() => first.unsubscribe(), 200);`,
      'second',
    ],
    [
      'stays for what is queued behind one that crashes',
      `${POOL} pool.run(() => process.exit(1)).subscribe({ error: ({ message }) => console.log(message) });
       pool.run(${LATE}, ['second']).subscribe();`,
      "thread 'Thread-1' died: process.exit(1) was called in it, or its worker was terminated from elsewhere\nsecond",
    ],
    [
      'stays for a Thread that is queued in a pool, daemon or not',
      `${POOL} pool.run(${LATE}, ['first']).subscribe();
       new Thread({ target: ${LATE}, args: ['second'], daemon: true, pool }).start();`,
      'first\nsecond',
    ],
    [
      'stays for close, and ends with it',
      `${POOL} pool.run(${LATE}, ['late']).subscribe(); await pool.close(); console.log('closed');`,
      'late\nclosed',
    ],
    [
      'ends beside what a job has left behind',
      `${POOL} await pool.run(() => void setInterval(() => {}, 10)); console.log('end');`,
      'end',
    ],
    [
      'stays for what is queued behind what a job has left behind',
      `${POOL} await pool.run(() => void setTimeout(() => {}, 300)); console.log(await pool.run(() => 'next'));`,
      'next',
    ],
    [
      'stays for terminate',
      `${POOL} const thread = new Thread({ target: () => { for (;;); }, pool }).start();
       await new Promise((begun) => setTimeout(begun, 200));
       await thread.terminate(); console.log('gone');`,
      'gone',
    ],
  ])('%s', async (_, program, out) => {
    expect(await live(program)).toEqual({ code: 0, out, err: '' });
  });

  it('loses nothing that a job printed', async () => {
    const { out } = await live(
      `${POOL} await pool.run(() => { for (let i = 0; i < 3000; i++) console.log(i); });`,
    );
    expect(out.split('\n')).toHaveLength(3000);
  });
});
