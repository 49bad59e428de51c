import { EventEmitter } from 'node:events';
import { Lock, ThreadPool } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { failure } from '../support/outcomes.js';

interface Odd {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  listeners(): number;
}

/** Calls its listeners as what it is made of. */
function handMade(): Odd {
  const emitter = new EventEmitter();
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    addEventListener: (type: string, listener: () => void) => emitter.on(type, listener),
    removeEventListener: (type: string, listener: () => void) => emitter.off(type, listener),
  };
  return {
    signal: signal as unknown as AbortSignal,
    abort: (reason) => {
      Object.assign(signal, { aborted: true, reason });
      emitter.emit('abort');
    },
    listeners: () => emitter.listenerCount('abort'),
  };
}

/** Calls its listeners as the signal behind it. */
function proxied(): Odd {
  const controller = new AbortController();
  let listeners = 0;
  const get = (target: AbortSignal, key: keyof AbortSignal): unknown => {
    if (key === 'addEventListener') listeners++;
    if (key === 'removeEventListener') listeners--;
    const value = target[key];
    return typeof value === 'function' ? value.bind(target) : value;
  };
  const signal = new Proxy(controller.signal, { get } as ProxyHandler<AbortSignal>);
  return { signal, abort: (reason) => controller.abort(reason), listeners: () => listeners };
}

describe.each([
  ['made by hand', handMade],
  ['behind a Proxy', proxied],
])('an AbortSignal %s', (_, make) => {
  it('ends a wait and a job', async () => {
    const lock = new Lock();
    lock.acquireSync();
    const { signal, abort } = make();
    const waiting = failure(lock.acquire({ signal, timeout: 5000 }).then());
    await using pool = new ThreadPool({ maxThreads: 1 });
    const job = failure(pool.run(() => new Promise(() => {}), [], { signal, timeout: 5000 }).then());
    const reason = new Error('mine');
    abort(reason);
    expect(await waiting).toBe(reason);
    expect(await job).toBe(reason);
  });

  it('is listened to no more once nobody waits', () => {
    const lock = new Lock();
    lock.acquireSync();
    const { signal, listeners } = make();
    const before = listeners();
    const waits = [lock.acquire({ signal }).subscribe(), lock.acquire({ signal }).subscribe()];
    expect(listeners()).toBeGreaterThan(before);
    for (const wait of waits) wait.unsubscribe();
    expect(listeners()).toBe(before);
  });
});
