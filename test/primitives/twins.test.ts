// Each wait has three faces, which come to the same and leave the same behind: subscribed to, awaited, blocking.
import { firstValueFrom, type Observable } from 'rxjs';
import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore, Thread } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

interface Options {
  readonly timeout?: number | undefined;
  readonly blocking?: boolean | undefined;
}
const PATIENCE: readonly Options[] = [
  { timeout: 0 },
  { timeout: 0.5 },
  { timeout: 10 },
  { timeout: Number.MIN_VALUE },
];
const FOR_EVER: readonly (Options | undefined)[] = [undefined, {}, { timeout: undefined }];

/** A wait of something, in its Observable and in its blocking form. */
interface Faces<T> {
  readonly wait: (of: T, options: never) => Observable<unknown> & PromiseLike<unknown>;
  readonly sync: (of: T, options: never) => unknown;
}
type Taken = Lock | RLock | Semaphore | Condition;
const acquiring: Faces<Taken> = {
  wait: (of, options) => of.acquire(options),
  sync: (of, options) => of.acquireSync(options),
};
const holding: Faces<Taken> = {
  wait: (of, options) => of.hold(options),
  sync: (of, options) => of.holdSync(options),
};
const waiting: Faces<Event | Barrier | Condition> = {
  wait: (of, options) => of.wait(options),
  sync: (of, options) => of.waitSync(options),
};
const waitingFor = (predicate: () => unknown): Faces<Condition> => ({
  wait: (of, options) => of.waitFor(predicate, options),
  sync: (of, options) => of.waitForSync(predicate, options),
});

/** What it comes to, and what is left of what was waited for, without what differs from one to the next. */
async function outcome(of: unknown, face: () => unknown): Promise<string> {
  let came: string;
  try {
    const value = await face();
    came = typeof value === 'object' && value !== null ? value.constructor.name : String(value);
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    came = `${name} ${code}: ${message}`;
  }
  return `${came}; ${of}`.replace(/-\d+|#\d+|owner=\d+|thread \d+/g, '');
}

async function compare<T>(make: () => T | Promise<T>, faces: Faces<T>, options: object | undefined) {
  const given = options as never;
  const [subscribed, awaited, blocking] = [await make(), await make(), await make()];
  const seen = [
    await outcome(subscribed, () => firstValueFrom(faces.wait(subscribed, given))),
    await outcome(awaited, async () => await faces.wait(awaited, given)),
    await outcome(blocking, () => faces.sync(blocking, given)),
  ];
  expect(seen).toEqual([seen[0], seen[0], seen[0]]);
}

/** Taken by a thread that has ended since. */
async function byOneThatEnded<T extends Lock | RLock | Condition>(lock: T): Promise<T> {
  const take = (lock: Lock | RLock | Condition) => void lock.acquireSync();
  await new Thread({ target: take, args: [lock] }).start().join();
  return lock;
}
function byThis<T extends Taken>(lock: T): T {
  lock.acquireSync();
  return lock;
}

const NO_WAIT: readonly Options[] = [{ blocking: false }, { blocking: false, timeout: 0 }];

describe.each<[string, () => Taken | Promise<Taken>, boolean]>([
  ['a free Lock', () => new Lock(), true],
  ['a free RLock', () => new RLock(), true],
  ['a free Condition', () => new Condition(), true],
  ['a Lock that is taken', () => byThis(new Lock()), false],
  ['an RLock of this thread', () => byThis(new RLock()), true],
  ['a Lock of a thread that has ended', () => byOneThatEnded(new Lock()), false],
  ['an RLock of a thread that has ended', () => byOneThatEnded(new RLock()), true],
  ['the RLock of a Condition, of a thread that has ended', () => byOneThatEnded(new Condition()), true],
  ['permits', () => new Semaphore(2), true],
  ['the last permit', () => new BoundedSemaphore(1), true],
  ['no permit', () => new Semaphore(0), false],
])('%s', (_, make, ends) => {
  it('is acquired, or not, in each face', async () => {
    for (const options of [...PATIENCE, ...NO_WAIT, ...(ends ? FOR_EVER : [])])
      await compare(make, acquiring, options);
  });

  it('is held, or not, in each face', async () => {
    for (const options of [...PATIENCE, ...(ends ? FOR_EVER : [])]) await compare(make, holding, options);
  });
});

const broken = (barrier: Barrier): Barrier => {
  barrier.abort();
  return barrier;
};
const set = (event: Event): Event => {
  event.set();
  return event;
};
const jammed = (): never => {
  throw new Error('jammed');
};

it.each<[string, () => Event | Barrier | Condition | Promise<Condition>, boolean]>([
  ['an Event that is set', () => set(new Event()), true],
  ['an Event that is not', () => new Event(), false],
  ['a Barrier of one', () => new Barrier(1), true],
  ['a Barrier of one, whose action throws', () => new Barrier(1, { action: jammed }), true],
  ['a Barrier of two', () => new Barrier(2), false],
  ['a Barrier of two with a timeout', () => new Barrier(2, { timeout: 5 }), true],
  ['a Barrier that is broken', () => broken(new Barrier(1)), true],
  ['a Condition that is not held', () => new Condition(), true],
  ['a Condition over a Lock that is not held', () => new Condition(new Lock()), true],
  ['a Condition whose RLock is held twice', () => byThis(byThis(new Condition())), false],
  ['a Condition of a thread that has ended', () => byOneThatEnded(new Condition()), true],
])('%s is waited for in each face', async (_, make, ends) => {
  for (const options of [...PATIENCE, ...(ends ? FOR_EVER : [])]) await compare(make, waiting, options);
});

it.each<[string, () => unknown, boolean]>([
  ['truthy', () => 'yes', true],
  ['falsy', () => 0, false],
  ['thrown', jammed, true],
])('a predicate that is %s is waited for in each face', async (_, predicate, ends) => {
  for (const make of [() => byThis(new Condition()), () => byThis(new Condition(new Lock()))])
    for (const options of [...PATIENCE, ...(ends ? FOR_EVER : [])])
      await compare(make, waitingFor(predicate), options);
});
