import { setTimeout as sleep } from 'node:timers/promises';
import {
  currentThread,
  Event,
  enumerate,
  setExcepthook,
  Thread,
  ThreadPool,
  Timer,
  threadModule,
} from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';
import { collectGarbage } from '../../support/collect-garbage.js';
import { until } from '../../support/turns.js';

const targets = threadModule<typeof import('../../fixtures/thread-targets.js')>(
  new URL('../../fixtures/thread-targets.js', import.meta.url),
);
/** Until the objects of threads that run may be collected. */
const A_WHILE = 150;
const wait = (gate: Event): boolean => gate.waitSync();
const found = (ident: number | null): Thread | undefined => enumerate().find((one) => one.ident === ident);

afterEach(() => setExcepthook(null));

describe('the one Thread object of a thread', () => {
  it('is the one that was started, a moment later and long after', async () => {
    const gate = new Event();
    const thread = new Thread({ target: wait, args: [gate] }).start();
    expect(found(thread.ident)).toBe(thread);
    await sleep(A_WHILE);
    expect(found(thread.ident)).toBe(thread);
    gate.set();
    await thread.join();
    expect(found(thread.ident)).toBeUndefined();
    expect(currentThread()).toBe(found(currentThread().ident));
  });

  it('comes back in its own result', async () => {
    const thread = new Thread({ target: targets.whoAmI }).start();
    expect((await thread.result()).thread).toBe(thread);
  });

  it('comes back from a thread that it was sent to after its own was over at once', async () => {
    const echo = (thread: Thread<number>): Thread<number> => thread;
    // The first starts of a process take longer.
    for (let start = 0; start < 3; start++) await new Thread({ target: () => 1 }).start().result();
    const thread = new Thread({ target: () => 42 }).start();
    await thread.result();
    const timer = new Timer(0, () => 42).start();
    await timer.result();
    const back = await new Thread({ target: echo, args: [thread] }).start().result();
    expect(back).toBe(thread);
    expect(await back.result()).toBe(42);
    expect(await new Thread({ target: echo, args: [timer] }).start().result()).toBe(timer);
  });

  it('is asked by a thread that its own sent it to as it ended', async () => {
    const heard = new Event();
    const thread = new Thread({ target: targets.leaveAsker, args: [heard] }).start();
    expect(await thread.result()).toBe(42);
    expect(await heard.wait({ timeout: 10_000 })).toBe(true);
  });

  it('is enumerated by another thread only where that hears what it gives', async () => {
    const [gate, ended] = [new Event(), new Event()];
    const { ident } = new Thread({ target: wait, args: [gate] }).start();
    const asked = new Thread({ target: targets.resultOfOneThatEnds, args: [ident, gate, ended] }).start();
    await until(() => gate.isSet() && enumerate().every((one) => one.ident !== ident));
    // Longer than the starter keeps any Thread.
    await sleep(200);
    collectGarbage();
    ended.set();
    expect(await asked.result()).toBe('');
  });

  it('is asked by a thread that a job sent its own to as it ended', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const heard = new Event();
    const jobs = [pool.run(targets.leaveAsker, [heard]), pool.run(targets.whoAmI), pool.run(targets.whoAmI)];
    expect((await Promise.all(jobs))[0]).toBe(42);
    expect(await heard.wait({ timeout: 10_000 })).toBe(true);
  });

  it.each([
    ['value', /^value$/],
    ['throw', /^thrown$/],
    ['exit', /^thread 'found' died: process.exit\(7\)/],
    ['hang', /^thread 'found' died: it was terminated$/],
  ])('is asked by a thread that found it while it was a job: %s', async (how, what) => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const [gate, isFound, ended] = [new Event(), new Event(), new Event()];
    const asked = new Thread({ target: targets.resultOfNamed, args: ['found', isFound, ended] }).start();
    const leave = new AbortController();
    const options = { name: 'found', signal: leave.signal, grace: 0 };
    const job = pool.run(targets.endAs, [how, gate], options).then(null, () => {});
    await isFound.wait();
    if (how === 'hang') leave.abort();
    else gate.set();
    await job;
    await pool.run(targets.whoAmI);
    ended.set();
    expect(await asked.result()).toMatch(what);
  });

  it('is what the excepthook gets', async () => {
    const told: (Thread | null)[] = [];
    setExcepthook(({ thread }) => told.push(thread));
    const failing = new Thread({
      target: () => {
        throw new Error('nobody hears');
      },
    }).start();
    await until(() => told.length === 1);
    expect(told[0]).toBe(failing);
  });

  it('is collected once nobody has it: when its thread is over at once, and while it runs', async () => {
    const [gate, objects] = [new Event(), [] as WeakRef<Thread>[]];
    const start = (thread: Thread): Thread => {
      objects.push(new WeakRef(thread));
      return thread.start();
    };
    start(new Thread({ target: wait, args: [gate] }));
    await start(new Thread({ target: () => 42 })).result();
    await until(() => {
      collectGarbage();
      return objects.every((object) => object.deref() === undefined);
    });
    expect(enumerate()).toHaveLength(2);
    gate.set();
  });
});

it('what a thread was called with is collected once it has ended, though who was sent it may ask what it gave', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  const start = async (options: { pool?: ThreadPool }): Promise<WeakRef<object>> => {
    const go = new Event();
    const args: [Event] = [go];
    const thread = new Thread({ target: (go: Event) => go.wait().then(), args, ...options }).start();
    const reader = new Thread({ target: (sent: Thread) => sent.name, args: [thread as Thread] }).start();
    await reader.result();
    go.set();
    await thread.join();
    return new WeakRef(args);
  };
  for (const options of [{}, { pool }]) {
    const ref = await start(options);
    for (let round = 0; round < 50 && ref.deref() !== undefined; round++) {
      await sleep(10);
      collectGarbage();
    }
    expect(ref.deref()).toBeUndefined();
  }
});
