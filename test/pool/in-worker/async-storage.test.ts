import { Thread, ThreadPool, threadModule } from 'rxjs-threading';
import { afterAll, expect, it } from 'vitest';

const targets = threadModule<typeof import('../../fixtures/odd-targets.js')>(
  new URL('../../fixtures/odd-targets.js', import.meta.url),
);
const pool = new ThreadPool({ maxThreads: 1 });
afterAll(() => pool.close());

it.each(['enter', 'enterLater'] as const)(
  'what a job enters into an AsyncLocalStorage is gone with it: %s',
  async (name) => {
    await pool.run(targets[name], ['alice']);
    expect(await pool.run(targets.entered)).toBeUndefined();
  },
);

it('what a Thread enters is gone for the next of its worker', async () => {
  await new Thread({ target: targets.enter, args: ['carol'] }).start().result();
  expect(await new Thread({ target: targets.entered }).start().result()).toBeUndefined();
});
