import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Event, enumerate, Lock, Thread, ThreadPool, Timer, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const targets = threadModule(new URL('../../fixtures/thread-targets.js', import.meta.url)) as Record<
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

  it('that a job has left behind is cancelled although its worker has gone on to other jobs', async () => {
    const pool = new ThreadPool({ minThreads: 1, maxThreads: 1 });
    const remind = async (): Promise<Timer> => {
      const { Timer } = await import('rxjs-threading');
      return new Timer(600_000, () => 1).start();
    };
    const timer = await pool.run(remind);
    await pool.run(() => 'another');
    await pool.run(() => 'another');
    timer.cancel();
    expect(await timer.join()).toBe(true);
    await pool.close();
  });

  it('for which its pool has no room ends with that error, and is over', async () => {
    const pool = new ThreadPool({ maxThreads: 1, maxQueue: 0 });
    const [began, go] = [new Event(), new Event()];
    const blocking = (began: Event, go: Event): boolean => {
      began.set();
      return go.waitSync();
    };
    const job = pool.run(blocking, [began, go]).then((done) => done);
    await began.wait();
    const timer = new Timer(1, () => 1, [], { pool, name: 'late' }).start();
    const { ident } = timer;
    await expect(timer.result()).rejects.toMatchObject({ code: 'ERR_POOL', message: /takes no 'late'/ });
    expect(await timer.join()).toBe(true);
    expect(timer).toMatchObject({ ident, state: 'stopped' });
    expect(timer.finished.isSet()).toBe(true);
    expect(() => timer.start()).toThrow(/was started before/);
    go.set();
    await job;
    await pool.close();
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

  it('is joined, cancelled and terminated in a thread that it was sent to', async () => {
    const end = async (timer: Timer, how: 'cancel' | 'terminate'): Promise<unknown> => {
      const waits = timer.joinSync({ timeout: 20 });
      await timer[how]();
      return [waits, timer.joinSync(), await timer.join(), timer.isAlive(), timer.finished.isSet()];
    };
    for (const how of ['cancel', 'terminate'] as const) {
      const timer = new Timer(60_000, () => 1).start();
      const elsewhere = new Thread({ target: end, args: [timer, how] }).start();
      expect(await elsewhere.result()).toEqual([false, true, true, false, true]);
      expect(await timer.result()).toBeUndefined();
    }
  });

  it('that is cancelled gives its ident back at once: any number may be, one after the other', async () => {
    const timers = Array.from({ length: 10_000 }, () => {
      const timer = new Timer(60_000, () => 1).start();
      timer.cancel();
      return timer;
    });
    expect(timers.some((timer) => timer.isAlive())).toBe(false);
    for (const timer of timers.slice(-10)) {
      expect(await timer.join()).toBe(true);
      expect(await timer.result()).toBeUndefined();
    }
    expect(await timers[0]?.result()).toBeUndefined();
  });

  it('that is cancelled before the start never runs', async () => {
    const timer = new Timer(0, () => 1);
    timer.cancel();
    expect(await timer.start().result()).toBeUndefined();
  });

  it('that is cancelled as a Thread by another thread ends at once, though its starter is blocked in joinSync', async () => {
    const timer = new Timer(60_000, () => 1).start();
    const cancel = async (ident: number): Promise<void> => {
      const { enumerate } = await import('rxjs-threading');
      enumerate()
        .find((one) => one.ident === ident)
        ?.cancel();
    };
    new Thread({ target: cancel, args: [timer.ident as number] }).start();
    expect(timer.joinSync({ timeout: 15_000 })).toBe(true);
    expect(await timer.result()).toBeUndefined();
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
    const timer = new Timer(300, () => 'fired').start();
    expect(timer.joinSync({ timeout: 1 })).toBe(false);
    expect(timer.joinSync()).toBe(true);
    expect(await timer.result()).toBe('fired');
  });

  it('refuses a bad timeout of a join while it waits', () => {
    const timer = new Timer(60_000, () => 1).start();
    expect(() => timer.joinSync({ timeout: -1 })).toThrow(/timeout must be 0 ms or more, got -1/);
    timer.cancel();
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

  it('refuses arguments that cannot be cloned when it is started, and has not been started then', () => {
    const timer = new Timer(0, (_: unknown) => 1, [() => 1]);
    expect(() => timer.start()).toThrow(/cannot start thread '.*': args\[0\] is a function/);
    expect(timer.state).toBe('initial');
    expect(timer.ident).toBeNull();
    expect(enumerate()).not.toContain(timer);
  });

  it('has the arguments of its start, whatever becomes of them while it waits', async () => {
    const list = [1];
    const bytes = new Uint8Array([1, 2, 3]);
    const { port1, port2 } = new MessageChannel();
    const timer = new Timer(
      20,
      (values: number[], moved: Uint8Array, port: MessagePort, lock: Lock) => {
        port.postMessage([values.length, moved.length, lock.locked()]);
        port.close();
      },
      [list, bytes, port2, new Lock()],
      { transferList: [bytes.buffer, port2] },
    ).start();
    list.push(2);
    expect(bytes.length).toBe(0);
    const told = new Promise((resolve) => port1.once('message', resolve));
    await timer.result();
    expect(await told).toEqual([1, 3, false]);
  });

  it('refuses a run whose class no worker finds when it is started', () => {
    class Homeless extends Timer {
      override run(): void {}
    }
    const timer = new Homeless(0, () => 1);
    expect(() => timer.start()).toThrow(/class Homeless overrides run but does not say where/);
    expect(timer.state).toBe('initial');
  });

  it.each<[unknown, RegExp]>([
    [undefined, /TypeError: target must be a function or \{ module, export \}, got undefined/],
    [null, /TypeError: target must be .*got null/],
    ['./jobs.js', /TypeError: target must be .*got '\.\/jobs\.js'/],
    [class {}, /TypeError: .*a class cannot be called/],
  ])('refuses a target of %o', (target, message) => {
    let error: unknown;
    try {
      new Timer(0, target as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(String(error)).toMatch(message);
  });

  it.each([[null], [5], [{ 0: 1 }]])('refuses args of %o', (args) => {
    expect(() => new Timer(0, () => 1, args as never)).toThrow(/args must be an array, got/);
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
