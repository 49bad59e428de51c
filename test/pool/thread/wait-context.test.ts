import { AsyncLocalStorage } from 'node:async_hooks';
import { Event, Thread, ThreadPool, type Wait } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';

const request = new AsyncLocalStorage<string>();
const pool = new ThreadPool({ maxThreads: 1 });
afterAll(() => pool.close());
const wait = (gate: Event): boolean => gate.waitSync();

/** What a subscriber waits for, and who ends it, in another request. */
const WAITS: Record<string, () => { readonly waits: Wait<unknown>; readonly end: () => unknown }> = {
  'join of a Thread': () => {
    const gate = new Event();
    const thread = new Thread({ target: wait, args: [gate] }).start();
    return { waits: thread.join(), end: () => gate.set() };
  },
  'result of a Thread': () => {
    const gate = new Event();
    const thread = new Thread({ target: wait, args: [gate] }).start();
    return { waits: thread.result(), end: () => gate.set() };
  },
  'room in a pool': () => {
    const gate = new Event();
    pool.run(wait, [gate]).subscribe();
    return { waits: pool.room(), end: () => gate.set() };
  },
  'what its signal ends': () => {
    const gate = new Event();
    const abort = new AbortController();
    const thread = new Thread({ target: wait, args: [gate] }).start();
    const end = (): void => {
      abort.abort();
      gate.set();
    };
    return { waits: thread.join({ signal: abort.signal }), end };
  },
};

describe('who waits is told in its own async context, whoever ends the wait', () => {
  it.each(Object.keys(WAITS))('%s', async (name) => {
    const { waits, end } = request.run('starter', () =>
      (WAITS[name] as () => ReturnType<(typeof WAITS)[string]>)(),
    );
    const seen = new Promise((resolve) => {
      const see = (): void => resolve(request.getStore());
      request.run('subscriber', () => waits.subscribe({ next: see, error: see }));
    });
    request.run('other', end);
    expect(await seen).toBe('subscriber');
  });
});
