// A value that an option cannot have is refused at the call, by an error that shows it; nothing has begun by then.
import { inspect } from 'node:util';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  enumerate,
  Held,
  Lock,
  runInThread,
  Semaphore,
  Thread,
  ThreadLocal,
  ThreadPool,
  Timer,
  threadMap,
  threadPipe,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';

const pool = new ThreadPool({ minThreads: 0 });
afterAll(() => pool.close());

/** A function of the public surface, as one of an option's value that its types do not allow. */
type Call = (value: never) => unknown;
const nothing = (): void => {};
const held = (): Condition => {
  const condition = new Condition();
  condition.acquireSync();
  return condition;
};
const newPool = (options: object): unknown => new ThreadPool({ minThreads: 0, ...options });
const run = (options: object): unknown => pool.run(nothing, [], options);
const map = (options: object): unknown => threadMap(nothing, options);

/** No number of any kind: refused by each option below. */
const NO_NUMBERS = ['1', null, 10n, {}, [], true, Symbol('s'), Number.NaN, Number.NEGATIVE_INFINITY];

describe.each<[string, Call]>([
  ['new Semaphore', (value) => new Semaphore(value)],
  ['new Barrier', (value) => new Barrier(value)],
  ['timeout of a Barrier', (timeout) => new Barrier(1, { timeout })],
  ['timeout of acquire', (timeout) => new Lock().acquire({ timeout })],
  ['timeout of acquireSync', (timeout) => new Lock().acquireSync({ timeout })],
  ['timeout of hold', (timeout) => new Lock().hold({ timeout })],
  ['timeout of holdSync', (timeout) => new Lock().holdSync({ timeout })],
  ['timeout of Event.wait', (timeout) => new Event().wait({ timeout })],
  ['timeout of Event.waitSync', (timeout) => new Event().waitSync({ timeout })],
  ['timeout of Barrier.wait', (timeout) => new Barrier(1).wait({ timeout })],
  ['timeout of Barrier.waitSync', (timeout) => new Barrier(1).waitSync({ timeout })],
  ['timeout of Condition.wait', (timeout) => held().wait({ timeout })],
  ['timeout of Condition.waitSync', (timeout) => held().waitSync({ timeout })],
  ['timeout of waitForSync', (timeout) => held().waitForSync(() => true, { timeout })],
  ['notify', (n) => held().notify(n)],
  ['release of a Semaphore', (n) => new Semaphore().release(n)],
  ['new Timer', (interval) => new Timer(interval, nothing)],
  ['minThreads', (minThreads) => newPool({ minThreads })],
  ['maxThreads', (maxThreads) => newPool({ maxThreads })],
  ['idleTimeout', (idleTimeout) => newPool({ idleTimeout })],
  ['maxQueue', (maxQueue) => newPool({ maxQueue })],
  ['maxJobs', (maxJobs) => newPool({ maxJobs })],
  ['maxHeap', (maxHeap) => newPool({ maxHeap })],
  ['timeout of run', (timeout) => run({ timeout })],
  ['grace of run', (grace) => run({ grace })],
  ['priority', (priority) => run({ priority })],
  ['waitTimeout', (waitTimeout) => run({ waitTimeout })],
  ['grace of broadcast', (grace) => pool.broadcast(nothing, [], { grace })],
  ['grace of runInThread', (grace) => runInThread(nothing, [], { grace })],
  ['buffer of room', (buffer) => pool.room({ buffer })],
  ['timeout of room', (timeout) => pool.room({ timeout })],
  ['concurrency', (concurrency) => map({ concurrency })],
  ['buffer', (buffer) => map({ buffer })],
  ['batch', (batch) => map({ batch })],
  ['grace of threadMap', (grace) => map({ grace })],
  ['timeout of threadMap', (timeout) => map({ timeout })],
  ['grace of threadPipe', (grace) => threadPipe(() => [], { grace })],
  ['timeout of withLock', (timeout) => withLock(new Lock(), { timeout })],
  ['timeout of awaitEvent', (timeout) => awaitEvent(new Event(), { timeout })],
  ['keep', (keep) => awaitEvent(new Event(), { keep })],
  ['timeout of awaitCondition', (timeout) => awaitCondition(new Condition(), () => true, { timeout })],
  ['timerDelay', (interval) => timerDelay(interval)],
])('%s', (_, call) => {
  it.each(NO_NUMBERS.map((value) => [inspect(value), value]))('is refused as %s', (_, value) => {
    refuses(call, value);
  });
});

it.each<[string, Call, readonly unknown[]]>([
  ['options of room', (options) => pool.room(options), [null, 5, '1']],
  ['options of a Timer', (options) => new Timer(1, nothing, [], options), [null, 5, '1']],
  ['initial of a ThreadLocal', (initial) => new ThreadLocal(initial), [null, 5, {}, Symbol('s')]],
  ['what a Held releases', (of) => new Held(of), [null, 5, {}, Symbol('s')]],
  ['others of barrierZip', (other) => barrierZip(new Barrier(2), other), [null, 5, {}, Symbol('s')]],
  ['signal of acquire', (signal) => new Lock().acquire({ signal }), [null, 5, {}]],
])('%s is refused, and shown', (_, call, values) => {
  for (const value of values) refuses(call, value);
});

it.each<[string, (options: { timeout: number; signal: AbortSignal }) => unknown]>([
  ['acquireSync', (options) => new Lock().acquireSync(options)],
  ['holdSync', (options) => new Lock().holdSync(options)],
  ['acquireSync of a Semaphore', (options) => new Semaphore().acquireSync(options)],
  ['Event.waitSync', (options) => new Event().waitSync(options)],
  ['Barrier.waitSync', (options) => new Barrier(1).waitSync(options)],
  ['Condition.waitSync', (options) => held().waitSync(options)],
  ['waitForSync', (options) => held().waitForSync(() => true, options)],
  ['joinSync', (options) => new Thread().joinSync(options)],
  ['joinSync of a Timer', (options) => new Timer(1, nothing).joinSync(options)],
])('%s takes no signal, as nobody would hear of its abort', (_, call) => {
  const { signal } = new AbortController();
  expect(() => call({ timeout: 0, signal })).toThrow(TypeError);
  expect(() => call({ timeout: 0, signal })).toThrow('takes no signal');
});

function refuses(call: Call, value: unknown): void {
  let thrown: unknown;
  try {
    call(value as never);
  } catch (error) {
    thrown = error;
  }
  expect(thrown instanceof TypeError || thrown instanceof RangeError, String(thrown)).toBe(true);
  expect((thrown as Error).message).toContain(inspect(value));
  expect(enumerate()).toHaveLength(1);
}
