import { SHARE_ENV } from 'node:worker_threads';
import { Thread, ThreadPool, Timer, threadModule } from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';

const own = threadModule<typeof import('../../fixtures/own-worker.js')>(
  new URL('../../fixtures/own-worker.js', import.meta.url),
);

async function text(output: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of output ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

afterEach(() => {
  delete process.env.OWN_WORKER;
});

describe('a Thread with options of its worker', () => {
  it('has an env of its own, a copy of this one, or this one itself', async () => {
    process.env.OWN_WORKER = 'here';
    const read = async (env?: Record<string, string> | symbol): Promise<unknown> =>
      await new Thread({ target: own.env, args: ['OWN_WORKER', 'there'], env }).start().result();
    expect(await read({ OWN_WORKER: 'own' })).toBe('own');
    expect(await read({})).toBeUndefined();
    expect(await read()).toBe('here');
    expect(process.env.OWN_WORKER).toBe('here');
    expect(await read(SHARE_ENV)).toBe('here');
    expect(process.env.OWN_WORKER).toBe('there');
  });

  it('shares the env with the workers of a pool, too', async () => {
    await using pool = new ThreadPool({ maxThreads: 1, env: SHARE_ENV });
    await pool.run(own.env, ['OWN_WORKER', 'pool']);
    expect(process.env.OWN_WORKER).toBe('pool');
  });

  it('has a worker that no other thread gets', async () => {
    const run = async (execArgv?: string[]): Promise<{ execArgv: string[]; worker: number }> =>
      await new Thread({ target: own.flags, args: [], execArgv }).start().result();
    const first = await run(['--no-warnings']);
    expect(first.execArgv).toContain('--no-warnings');
    for (let n = 0; n < 3; n++) {
      const next = await run();
      expect(next.worker).not.toBe(first.worker);
      expect(next.execArgv).not.toContain('--no-warnings');
    }
  });

  it('dies alone of its memory', async () => {
    const thread = new Thread({
      target: own.hoard,
      args: [],
      resourceLimits: { maxOldGenerationSizeMb: 30 },
    }).start();
    await expect(thread.result().then(() => {})).rejects.toMatchObject({
      code: 'ERR_THREAD_DIED',
      message: expect.stringContaining('memory'),
    });
  });

  it.each([1, 5000])('has what it prints read, and ends: %i lines', async (count) => {
    const thread = new Thread({ target: own.print, args: [count], stdout: true, stderr: true }).start();
    const [stdout, stderr] = await Promise.all([text(thread.stdout), text(thread.stderr)]);
    expect(stdout).toBe(Array.from({ length: count }, (_, n) => `line ${n}\n`).join(''));
    expect(stderr).toBe('to stderr\n');
    expect(await thread.join()).toBe(true);
  });

  it('has no output to read without the option, or before the start', async () => {
    const thread = new Thread({ target: () => 1, stdout: true });
    expect(thread.stdout).toBeNull();
    thread.start();
    expect(thread.stderr).toBeNull();
    expect(await text(thread.stdout)).toBe('');
    expect(new Thread({ target: () => 1 }).start().stdout).toBeNull();
  });

  it('is a Timer as well', async () => {
    const timer = new Timer(1, own.env, ['OWN_WORKER'], { env: { OWN_WORKER: 'timer' } }).start();
    expect(await timer.result()).toBe('timer');
  });

  it.each([
    [{ env: { A: 1 } }, 'env.A must be a string, got 1'],
    [{ env: Symbol.iterator }, 'env must be an object of strings or SHARE_ENV, got Symbol(Symbol.iterator)'],
    [{ execArgv: '--no-warnings' }, "execArgv must be an array of strings, got '--no-warnings'"],
    [{ stdout: 'file' }, "stdout must be a boolean, got 'file'"],
    [{ resourceLimits: { heap: 1 } }, 'resourceLimits has maxOldGenerationSizeMb'],
  ])('refuses %j', (options, message) => {
    expect(() => new Thread({ target: () => 1, ...(options as object) })).toThrow(message);
  });

  it('is refused with a pool, which has these options itself', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    expect(() => new Thread({ target: () => 1, pool, env: {} })).toThrow(
      "env is an option of a worker: a Thread with a pool has the pool's",
    );
  });

  it('starts nothing when Node refuses its execArgv', async () => {
    const thread = new Thread({ target: () => 1, execArgv: ['--no-such-flag'] });
    expect(() => thread.start()).toThrow(
      expect.objectContaining({ code: 'ERR_NO_THREAD', message: expect.stringContaining('--no-such-flag') }),
    );
    expect(thread.isAlive()).toBe(false);
    expect(thread.ident).toBeNull();
  });
});
