import { Event, enumerate, Thread, Timer, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const targets = threadModule(new URL('./fixtures/thread-targets.js', import.meta.url)) as Record<
  string,
  { module: string; export: string }
>;

describe('a Timer', () => {
  it('runs its target in a thread after its interval, and is finished then', async () => {
    const began = performance.now();
    const timer = new Timer(50, (a: number, b: number) => a + b, [40, 2]).start();
    expect(timer.isAlive()).toBe(true);
    expect(enumerate()).toContain(timer);
    expect(timer.finished.isSet()).toBe(false);
    expect(await timer.result()).toBe(42);
    expect(performance.now() - began).toBeGreaterThanOrEqual(49);
    expect(timer.finished.isSet()).toBe(true);
    expect(timer.isAlive()).toBe(false);
    expect(`${timer}`).toMatch(/^<Timer\(Thread-\d+, stopped \d+\)>$/);
  });

  it('that is cancelled ends without running', async () => {
    const ran = new Event();
    const timer = new Timer(60_000, (event: Event) => event.set(), [ran]).start();
    timer.cancel();
    expect(await timer.join()).toBe(true);
    expect(await timer.result()).toBeUndefined();
    expect(ran.isSet()).toBe(false);
    expect(timer.finished.isSet()).toBe(true);
  });

  it('that is cancelled before the start never runs', async () => {
    const timer = new Timer(0, () => 1);
    timer.cancel();
    expect(await timer.start().result()).toBeUndefined();
  });

  it('is cancelled from any thread', async () => {
    const timer = new Timer(60_000, () => 1).start();
    await new Thread({ target: targets.cancelOther!, args: [timer] }).start().join();
    expect(await timer.join()).toBe(true);
    expect(timer.finished.isSet()).toBe(true);
  });

  it('goes on when it is cancelled while its target runs', async () => {
    const gate = new Event();
    const timer = new Timer(0, (event: Event) => event.waitSync(), [gate]).start();
    while (timer.state !== 'running') await new Promise((resolve) => setImmediate(resolve));
    timer.cancel();
    gate.set();
    expect(await timer.result()).toBe(true);
  });

  it('fires while its own thread joins it blocking', async () => {
    const timer = new Timer(30, () => 'fired').start();
    expect(timer.joinSync({ timeout: 1 })).toBe(false);
    expect(timer.joinSync()).toBe(true);
    expect(await timer.result()).toBe('fired');
  });

  it('is terminated while it waits', async () => {
    const timer = new Timer(60_000, () => 1).start();
    await timer.terminate();
    expect(await timer.join()).toBe(true);
  });

  it('starts once', () => {
    const timer = new Timer(0, () => 1).start();
    expect(() => timer.start()).toThrow(/threads can only be started once/);
  });

  it('carries the error of arguments that cannot be cloned', async () => {
    const timer = new Timer(0, () => 1, [() => 1]).start();
    await expect(Promise.resolve(timer.result())).rejects.toThrow(/args\[0\] is a function/);
    expect(timer.isAlive()).toBe(false);
  });

  it.each<[unknown, RegExp]>([
    [-1, /RangeError: .*got -1/],
    [Number.NaN, /RangeError: .*got NaN/],
    ['5', /TypeError: .*got '5'/],
    [undefined, /TypeError: .*got undefined/],
  ])('refuses an interval of %o', (interval, message) => {
    let error: unknown;
    try {
      new Timer(interval as number, () => 1);
    } catch (thrown) {
      error = thrown;
    }
    expect(String(error)).toMatch(message);
  });
});
