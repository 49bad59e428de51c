import { lastValueFrom, of, toArray } from 'rxjs';
import {
  type AcquireOptions,
  awaitCondition,
  awaitEvent,
  Barrier,
  type BarrierOptions,
  BrokenBarrierError,
  Condition,
  Event,
  Lock,
  OwnerDiedError,
  type OwnerDiedErrorOptions,
  type PrimitiveOptions,
  type RunInThreadOptions,
  type RunOptions,
  runInThread,
  Semaphore,
  Thread,
  ThreadError,
  type ThreadMapOptions,
  type ThreadOptions,
  type ThreadPipeOptions,
  ThreadPool,
  type ThreadPoolOptions,
  Timer,
  type TimerDelayOptions,
  threadMap,
  threadPipe,
  timerDelay,
  type WaitOptions,
  type WithLockOptions,
  withLock,
} from 'rxjs-threading';
import {
  type DeadlockOptions,
  deadlocks,
  type InspectOptions,
  type InstrumentOptions,
  inspect,
  instrument,
  type MonitorOptions,
  monitorHandler,
  type RecordOptions,
  record,
  type ServeOptions,
  serveMonitor,
  threadDump,
} from 'rxjs-threading/monitor';
import {
  Machines,
  type MachinesOptions,
  type RemoteBarrierOptions,
  type RemoteLockOptions,
} from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';

/** Every option of O: a new one has to be added here. */
type Undefined<O> = { [K in keyof O]-?: undefined };

const name: Undefined<PrimitiveOptions> = { name: undefined };
const wait: Undefined<WaitOptions> = { timeout: undefined, signal: undefined };
const acquire: Undefined<AcquireOptions> = { ...wait, blocking: undefined };
const run: Undefined<RunOptions> = {
  ...wait,
  ...name,
  transferList: undefined,
  grace: undefined,
  onProgress: undefined,
};

describe('an option that is undefined is one left out', () => {
  it('of primitives', async () => {
    expect(new Event(name).name).toMatch(/^Event-\d+$/);
    const lock = new Lock(name);
    expect(await lock.acquire(acquire)).toBe(true);
    lock.release();
    const { signal: _, ...acquireSync } = acquire;
    const { signal: __, ...waitSync } = wait;
    expect(lock.acquireSync(acquireSync)).toBe(true);
    lock.release();
    (await lock.hold(wait)).release();
    new Semaphore(1, name).holdSync(waitSync).release();
    const barrier: Undefined<BarrierOptions> = { ...name, action: undefined, timeout: undefined };
    expect(await new Barrier(1, barrier).wait(wait)).toBe(0);
    const condition = new Condition(undefined, name);
    using _held = condition.holdSync(waitSync);
    expect(condition.waitForSync(() => 1, waitSync)).toBe(1);
  });

  it('of errors', () => {
    const options: Undefined<OwnerDiedErrorOptions> = {
      owner: undefined,
      machine: undefined,
      code: undefined,
      cause: undefined,
    };
    const errors = [ThreadError, BrokenBarrierError, OwnerDiedError].map((kind) => new kind('', options));
    expect(errors.map(({ code }) => code)).toEqual([
      'ERR_THREAD_STATE',
      'ERR_BROKEN_BARRIER',
      'ERR_OWNER_DIED',
    ]);
  });

  it('of threads', async () => {
    const thread: Undefined<Omit<ThreadOptions<[], number>, 'target'>> = {
      ...name,
      args: undefined,
      daemon: undefined,
      group: undefined,
      pool: undefined,
      transferList: undefined,
      resourceLimits: undefined,
      execArgv: undefined,
      env: undefined,
      stdout: undefined,
      stderr: undefined,
    };
    expect(await new Thread({ ...thread, target: () => 1 }).start().result(wait)).toBe(1);
    const { args, ...timer } = thread;
    expect(await new Timer(0, () => 2, args, timer).start().result(wait)).toBe(2);
    const inThread: Undefined<RunInThreadOptions> = { ...run, pool: undefined };
    expect(await lastValueFrom(runInThread(() => 3, undefined, inThread))).toBe(3);
  });

  it('of pools', async () => {
    const pool: Undefined<ThreadPoolOptions> = {
      ...name,
      minThreads: undefined,
      maxThreads: undefined,
      idleTimeout: undefined,
      maxQueue: undefined,
      setup: undefined,
      teardown: undefined,
      maxJobs: undefined,
      maxHeap: undefined,
      contexts: undefined,
      resourceLimits: undefined,
      execArgv: undefined,
      env: undefined,
    };
    await using plain = new ThreadPool(pool);
    expect(await plain.run(() => 1, undefined, run)).toBe(1);
    await using limited = new ThreadPool({ resourceLimits: { stackSizeMb: undefined } });
    expect(await limited.run(() => 2)).toBe(2);
  });

  it('of operators', async () => {
    const lock: Undefined<WithLockOptions> = { timeout: undefined, owner: undefined };
    const delay: Undefined<TimerDelayOptions> = { cancel: undefined, scheduler: undefined };
    const pipe: Undefined<ThreadPipeOptions> = { pool: undefined, grace: undefined };
    const map: Undefined<ThreadMapOptions> = {
      ...pipe,
      concurrency: undefined,
      ordered: undefined,
      batch: undefined,
      buffer: undefined,
      overflow: undefined,
      onDrop: undefined,
      key: undefined,
      onError: undefined,
      timeout: undefined,
      onProgress: undefined,
    };
    const open = new Event();
    open.set();
    const passed = of(1, 2).pipe(
      withLock(new Lock(), (value) => of(value), lock),
      awaitEvent(open, { timeout: undefined, keep: undefined }),
      awaitCondition(new Condition(), () => true, { timeout: undefined }),
      timerDelay(0, delay),
      threadMap((value) => value * 2, map),
      threadPipe((values) => values, pipe),
      toArray(),
    );
    expect(await lastValueFrom(passed)).toEqual([2, 4]);
  });

  it('of the monitor', async () => {
    const looked: Undefined<InspectOptions> = { detail: undefined, watch: undefined };
    const shown: Undefined<MonitorOptions> = {
      ...looked,
      title: undefined,
      allowedHosts: undefined,
      token: undefined,
      stacks: undefined,
    };
    const served: Undefined<Omit<ServeOptions, 'port'>> = { ...shown, host: undefined, in: undefined };
    const stacks: Undefined<DeadlockOptions> = { stacks: undefined };
    const recorded: Undefined<RecordOptions> = { most: undefined };
    const instrumented: Undefined<InstrumentOptions> = { waitsOver: undefined };
    expect(inspect(looked).limits.countedSince).toBe(null);
    expect(await deadlocks(stacks)).toEqual([]);
    expect(await threadDump(stacks)).toContain('"MainThread"');
    expect((await record(recorded).stop()).length).toBeGreaterThan(0);
    instrument(instrumented)();
    monitorHandler(shown).close();
    await using monitor = await serveMonitor({ ...served, port: 0 });
    expect(monitor.url).toContain('127.0.0.1');
  });

  it('of what is between machines', async () => {
    const options: Undefined<Omit<MachinesOptions, 'connection' | 'namespace'>> = {
      ...name,
      lease: undefined,
      grace: undefined,
      replicas: undefined,
      codec: undefined,
    };
    await using machines = new Machines({ ...options, connection: 'memory', namespace: 'undefined' });
    expect(machines.lease).toBe(10_000);
    const lock: Undefined<RemoteLockOptions> = { onOwnerDied: undefined };
    const barrier: Undefined<RemoteBarrierOptions> = { timeout: undefined, action: undefined };
    await (await machines.lock('lock', lock).hold(wait)).release();
    await (await machines.rlock('rlock', lock).hold(wait)).release();
    expect(await machines.barrier('barrier', 1, barrier).wait(wait)).toBe(0);
    expect(await machines.event('event').wait({ ...wait, timeout: 1 })).toBe(false);
  });
});
