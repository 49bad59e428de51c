import {
  activeCount,
  Event,
  excepthook$,
  Lock,
  setExcepthook,
  stackSize,
  Thread,
  threadModule,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const jobs = threadModule<typeof import('../../fixtures/threading/jobs.js')>(
  new URL('../../fixtures/threading/jobs.js', import.meta.url),
);

const TASKS = 10;

/** The last of them releases what main waits for. */
async function runTasks(): Promise<void> {
  const [mutex, done] = [new Lock(), new Lock()];
  done.acquireSync();
  const running = new Int32Array(new SharedArrayBuffer(4));
  running[0] = TASKS;
  const threads = Array.from({ length: TASKS }, (_, number) =>
    new Thread({ target: jobs.task, args: [number, running, mutex, done] }).start(),
  );
  expect(await done.acquire()).toBe(true);
  for (const thread of threads) await thread.join();
  expect(running[0]).toBe(0);
}

it('ten threads are started, and the last of them says so (test_starting_threads)', runTasks);

describe('the stack size', () => {
  it('is the default until it is set (test_stack_size)', () => {
    expect(stackSize()).toBe(0);
    stackSize(0);
    expect(stackSize()).toBe(0);
  });

  it('is refused when it is too small, else kept (test_nt_and_posix_stack_size)', async () => {
    expect(() => stackSize(4096)).toThrow(RangeError);
    for (const size of [262_144, 0x100000, 0]) {
      stackSize(size);
      expect(stackSize()).toBe(size);
    }
    stackSize(0x100000);
    try {
      await runTasks();
    } finally {
      stackSize(0);
    }
  });
});

it('a thread counts while it runs (test__count)', async () => {
  const before = activeCount();
  const [here, go] = [new Event(), new Event()];
  const thread = new Thread({ target: jobs.stay, args: [here, go] }).start();
  await here.wait();
  expect(activeCount()).toBe(before + 1);
  go.set();
  await thread.join();
  expect(activeCount()).toBe(before);
});

it('an error nobody waits for is told (test_unraisable_exception)', async () => {
  setExcepthook(() => {});
  try {
    const told = new Promise<unknown>((resolve) => {
      const watching = excepthook$.subscribe(({ error }) => {
        watching.unsubscribe();
        resolve(error);
      });
    });
    new Thread({ target: jobs.fail, args: ['task failed'] }).start();
    expect(await told).toMatchObject({ name: 'TypeError', message: 'task failed' });
  } finally {
    setExcepthook(null);
  }
});

it('a barrier can be made of two locks (BarrierTest.test_barrier)', async () => {
  const [checkIn, checkOut] = [new Lock(), new Lock()];
  checkOut.acquireSync();
  const state = new Int32Array(new SharedArrayBuffer(4));
  const seen = new Int32Array(new SharedArrayBuffer(12));
  const args = [state, checkIn, checkOut, TASKS, seen] as const;
  const threads = Array.from({ length: TASKS }, () => new Thread({ target: jobs.enterThrice, args }).start());
  await Promise.all(threads.map((thread) => thread.result()));
  expect([...seen]).toEqual([TASKS, TASKS, TASKS]);
});
