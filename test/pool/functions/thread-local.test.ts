import { Thread, ThreadLocal, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const targets = threadModule(new URL('../../fixtures/thread-targets.js', import.meta.url)) as Record<
  string,
  { module: string; export: string }
>;

describe('a ThreadLocal', () => {
  it('has the value that its initial makes, once', () => {
    let made = 0;
    const local = new ThreadLocal<number | undefined>(() => ++made);
    expect([local.value, local.value]).toEqual([1, 1]);
    local.value = undefined;
    expect(local.value).toBeUndefined();
    expect(made).toBe(1);
  });

  it('has none without an initial, and each its own', () => {
    const [a, b] = [new ThreadLocal<number | undefined>(), new ThreadLocal<number | undefined>()];
    a.value = 1;
    expect(a.value).toBe(1);
    expect(b.value).toBeUndefined();
  });

  it('is fresh in every thread, whichever workers they use', async () => {
    for (let round = 0; round < 5; round++) {
      const thread = new Thread({ target: targets.useLocal!, args: [round] }).start();
      expect(await thread.result()).toEqual(['fresh', round]);
    }
  });

  it('is that of its thread after the event loop turned', async () => {
    const threads = [1, 2, 3].map((value) =>
      new Thread({ target: targets.localAcrossTurns!, args: [value] }).start(),
    );
    expect(await Promise.all(threads.map((thread) => thread.result()))).toEqual([1, 2, 3]);
  });

  it('cannot be cloned, and the error says what to do', () => {
    const clone = () => structuredClone({ deep: [new ThreadLocal(() => 0)] });
    expect(clone).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
    expect(clone).toThrow(/make it in a module that both import/);
  });

  it('refuses an initial that is no function', () => {
    expect(() => new ThreadLocal(5 as never)).toThrow(TypeError);
  });
});
