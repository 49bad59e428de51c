import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Event, Thread, ThreadLocal, threadModule } from 'rxjs-threading';
import { expect, it } from 'vitest';

const locals = threadModule<typeof import('../../fixtures/threading/locals.js')>(
  new URL('../../fixtures/threading/locals.js', import.meta.url),
);

it('a value goes with its thread, also when the worker stays (test_local_refs)', async () => {
  for (let thread = 0; thread < 20; thread++) {
    await new Thread({ target: locals.rememberWeakly }).start().join();
  }
  // Whichever workers they ran in, this one runs in one of them.
  const counted = await new Thread({ target: locals.countRemembered }).start().result();
  const { all, left } = counted as { all: number; left: number };
  expect(all).toBeGreaterThan(1);
  // The last one's may stay until another thread has a value there, as in Python.
  expect(left).toBeLessThanOrEqual(1);
});

it('each of many threads sees what it has set itself (test_derived)', async () => {
  const go = new Event();
  const threads = Array.from({ length: 8 }, (_, number) => {
    const here = new Event();
    const thread = new Thread({ target: locals.setAndStay, args: [number, here, go] }).start();
    return { thread, here };
  });
  for (const { here } of threads) await here.wait();
  go.set();
  const seen = await Promise.all(threads.map(({ thread }) => thread.result()));
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

it('takes a function or nothing (test_arguments)', () => {
  expect(() => new ThreadLocal(1 as never)).toThrow(TypeError);
  expect(() => new ThreadLocal({ a: 1 } as never)).toThrow(TypeError);
});

it('what one thread sets no other sees, at the same time or later (test_threading_local)', async () => {
  const [here, go] = [new Event(), new Event()];
  const first = new Thread({ target: locals.setAndStay, args: ['foo', here, go] }).start();
  await here.wait();
  expect(await new Thread({ target: locals.read }).start().result()).toBeUndefined();
  go.set();
  expect(await first.result()).toBe('foo');
  // In the same worker, maybe.
  for (let thread = 0; thread < 4; thread++) {
    expect(await new Thread({ target: locals.read }).start().result()).toBeUndefined();
  }
});

it('an initial value is made anew in each thread', async () => {
  for (let thread = 0; thread < 4; thread++) {
    expect(await new Thread({ target: locals.countUp }).start().result()).toBe(1);
  }
});

it('a subclass is as good (test_threading_local_subclass)', async () => {
  for (let thread = 0; thread < 3; thread++) {
    expect(await new Thread({ target: locals.readSub }).start().result()).toBe(44);
  }
});

it('a cycle through a value is collected (test_cycle_collection, test_derived_cycle_dealloc)', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const make = (): WeakRef<object> => {
    const cycle: { local?: ThreadLocal<object | undefined> } = {};
    cycle.local = new ThreadLocal();
    cycle.local.value = cycle;
    return new WeakRef(cycle);
  };
  const ref = make();
  for (let round = 0; round < 20 && ref.deref() !== undefined; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(ref.deref()).toBeUndefined();
  expect(new ThreadLocal().value).toBeUndefined();
});
