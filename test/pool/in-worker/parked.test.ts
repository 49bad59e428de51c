import { setTimeout as delay } from 'node:timers/promises';
import { ThreadPool } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { runNode } from '../../support/run-node.js';

const program = (code: string): string => `
  import { Thread, ThreadPool } from 'rxjs-threading';
  const pool = new ThreadPool({ maxThreads: 1 });
  ${code}
  await pool.close();
`;

describe('an idle worker, which sleeps on a word', () => {
  it('lets out what its last job has printed, with no other job to wake it', async () => {
    const { stdout, code } = await runNode([
      '--input-type=module',
      '--eval',
      program(`
        const write = process.stdout.write.bind(process.stdout);
        const printed = new Promise((resolve) => {
          process.stdout.write = (text, ...rest) => {
            if (String(text).includes('printed')) resolve('seen while it is idle');
            return write(text, ...rest);
          };
        });
        await pool.run(() => void setTimeout(() => console.log('later'), 1));
        await pool.run(() => console.log('printed'));
        console.log(await printed);
      `),
    ]);
    expect(stdout.split('\n').slice(0, -1)).toEqual(['later', 'printed', 'seen while it is idle']);
    expect(code).toBe(0);
  });

  it('does its jobs where a debugger listens', async () => {
    const { stdout, code } = await runNode([
      '--inspect=0',
      '--input-type=module',
      '--eval',
      program(`
        let sum = 0;
        for (let n = 1; n <= 100; n++) sum += await pool.run((n) => n, [n]);
        for (let n = 1; n <= 20; n++) sum += await new Thread({ target: (n) => n, args: [n] }).start().result();
        console.log(sum);
      `),
    ]);
    expect(stdout).toBe('5260\n');
    expect(code).toBe(0);
  });

  it('turns its event loop at times, and after some seconds sleeps in that, for what does not keep it alive', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const ticks = new Int32Array(new SharedArrayBuffer(4));
    const seen = async (ms: number): Promise<number> => {
      const before = Atomics.load(ticks, 0);
      await delay(ms);
      return Atomics.load(ticks, 0) - before;
    };
    await pool.run((cells) => void setInterval(() => Atomics.add(cells, 0, 1), 1).unref(), [ticks]);
    const soon = await seen(400);
    await delay(2800);
    const later = await seen(400);
    expect(soon).toBeGreaterThan(2);
    expect(later).toBeGreaterThan(3 * soon);
  });
});
