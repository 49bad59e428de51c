import { Thread, ThreadPool } from 'rxjs-threading';
import { afterAll, expect, it } from 'vitest';

const pool = new ThreadPool({ maxThreads: 1 });
afterAll(() => pool.close());

/** One storage for the worker, as a module has one. */
const enter = async (who: string, later: boolean): Promise<void> => {
  const { AsyncLocalStorage } = await import('node:async_hooks');
  const globals = globalThis as { storage?: InstanceType<typeof AsyncLocalStorage> };
  globals.storage ??= new AsyncLocalStorage();
  if (later) await Promise.resolve();
  globals.storage.enterWith(who);
  if (later) await Promise.resolve();
  if (globals.storage.getStore() !== who) throw new Error('it is not there');
};
const enterAtOnce = (who: string): void => {
  (globalThis as unknown as { storage: { enterWith(who: string): void } }).storage.enterWith(who);
};
const read = (): unknown =>
  (globalThis as unknown as { storage?: { getStore(): unknown } }).storage?.getStore() ?? 'nobody';

it.each([false, true])(
  'what a job enters into an AsyncLocalStorage is gone with it, later: %s',
  async (later) => {
    await pool.run(enter, ['alice', later]);
    expect(await pool.run(read)).toBe('nobody');
    await pool.run(enterAtOnce, ['bob']);
    expect(await pool.run(read)).toBe('nobody');
  },
);

it('what a Thread enters is gone for the next of its worker', async () => {
  await new Thread({ target: enter, args: ['carol', false] }).start().result();
  await new Thread({ target: enterAtOnce, args: ['dave'] }).start().result();
  expect(await new Thread({ target: read }).start().result()).toBe('nobody');
});
