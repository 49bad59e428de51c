import { lastValueFrom, type MonoTypeOperatorFunction, of, TimeoutError } from 'rxjs';
import { awaitCondition, awaitEvent, Condition, Event, Lock, timerDelay, withLock } from 'rxjs-threading';
import { afterEach, describe, expect, it, vi } from 'vitest';

const held = new Lock();
held.acquireSync();
const timeout = 30;
const timeouts: Record<string, MonoTypeOperatorFunction<number>> = {
  withLock: withLock(held, { timeout }),
  awaitEvent: awaitEvent(new Event(), { timeout }),
  awaitCondition: awaitCondition(new Condition(), () => false, { timeout }),
};

describe.each([
  ['back', -3_600_000],
  ['forward', 3_600_000],
])('when the wall clock is set %s', (_, by) => {
  afterEach(() => void vi.restoreAllMocks());
  const setClock = (): void => {
    const real = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => real() + by);
  };

  it('timerDelay is on time', async () => {
    const begun = performance.now();
    const value = lastValueFrom(of(1).pipe(timerDelay(timeout)));
    setClock();
    expect(await value).toBe(1);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(timeout - 1);
  });

  it.each(Object.entries(timeouts))('the timeout of %s is on time', async (_name, operator) => {
    const begun = performance.now();
    const value = lastValueFrom(of(1).pipe(operator));
    setClock();
    await expect(value).rejects.toBeInstanceOf(TimeoutError);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(timeout - 1);
  });
});
