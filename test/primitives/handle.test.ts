import { once } from 'node:events';
import { inspect } from 'node:util';
import { getEnvironmentData, MessageChannel, Worker } from 'node:worker_threads';
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  fromHandle,
  Lock,
  RLock,
  Semaphore,
  toHandle,
} from 'rxjs-threading';
import { expect, it } from 'vitest';

it.each([
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
  ['Condition', () => new Condition()],
  ['Semaphore', () => new Semaphore(2)],
  ['BoundedSemaphore', () => new BoundedSemaphore(2)],
  ['Event', () => new Event()],
  ['Barrier', () => new Barrier(2)],
] as const)('a %s comes back as itself in its own thread', (_name, make) => {
  const primitive = make();
  expect(fromHandle(structuredClone(toHandle(primitive)))).toBe(primitive);
});

it.each([
  ['Lock', new Lock()],
  ['RLock', new RLock()],
  ['Condition', new Condition()],
  ['Semaphore', new Semaphore(2)],
  ['BoundedSemaphore', new BoundedSemaphore(2)],
  ['Event', new Event()],
  ['Barrier', new Barrier(2)],
])('a %s cannot be cloned, and the error names toHandle', (_name, primitive) => {
  const { port1 } = new MessageChannel();
  for (const clone of [
    () => structuredClone(primitive),
    () => structuredClone({ deep: [primitive] }),
    () => port1.postMessage(primitive),
    () => new Worker('', { eval: true, workerData: { primitive } }),
  ]) {
    expect(clone).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
    expect(clone).toThrow(/travels as toHandle\(primitive\)/);
  }
  port1.close();
  expect(inspect(primitive)).toBe(`${primitive}`);
});

it('is no other one that has its id, as after 2 ** 31 primitives', () => {
  // Of the table of threads, what counts the primitives.
  const ids = new Int32Array(getEnvironmentData('rxjs-threading') as SharedArrayBuffer, 3 * 4, 1);
  const first = new Event();
  const next = ids[0] as number;
  ids[0] = next - 1;
  const second = new Event();
  expect([second.name, ids[0]]).toEqual([first.name, next]);
  const handles = [first, second].map((event) => structuredClone(toHandle(event)));
  expect(fromHandle(handles[0])).toBe(first);
  expect(fromHandle(handles[1])).toBe(second);
});

it('arrives in a worker that somebody else started, as its class and the same memory', async () => {
  const primitives = {
    lock: new Lock({ name: 'a lock' }),
    rlock: new RLock(),
    condition: new Condition(new Lock()),
    semaphore: new Semaphore(5),
    bounded: new BoundedSemaphore(5),
    event: new Event(),
    barrier: new Barrier(2, { action: () => 'done', timeout: 60_000 }),
  };
  const handles = Object.fromEntries(
    Object.entries(primitives).map(([key, value]) => [key, toHandle(value)]),
  );
  const worker = new Worker(new URL('../fixtures/handles.js', import.meta.url), { workerData: handles });
  const passed = primitives.barrier.wait().then((index) => index);
  const [told] = await once(worker, 'message');
  expect(told).toEqual({
    classes: ['Lock', 'RLock', 'Condition', 'Semaphore', 'BoundedSemaphore', 'Event', 'Barrier'],
    name: 'a lock',
    sameLock: true,
    bound: 5,
  });
  await passed;
  expect(primitives.lock.locked()).toBe(true);
  expect(primitives.semaphore.value).toBe(4);
  expect(() => primitives.bounded.release(2)).toThrow(RangeError);
  expect(primitives.event.isSet()).toBe(true);
  await worker.terminate();
});

it.each([
  ['undefined', () => undefined],
  ['null', () => null],
  ['7', () => 7],
  ["'x'", () => 'x'],
  ['{}', () => ({})],
  ['the primitive itself', () => new Lock()],
  ['a mark alone', () => ({ 'rxjs-threading': 'Lock' })],
  ['too little memory', () => ({ 'rxjs-threading': 'Lock', cells: new SharedArrayBuffer(4) })],
  ['a mark on a number', () => ({ 'rxjs-threading': 'Lock', cells: 7 })],
])('refuses %s, which is no handle', (_name, make) => {
  const value = make();
  expect(() => fromHandle(value)).toThrow(TypeError);
  if (!(value instanceof Lock)) expect(() => toHandle(value as never)).toThrow(TypeError);
});

it('refuses a handle of a kind that does not exist, and says what it got', () => {
  const handle = { ...structuredClone(toHandle(new Lock())), 'rxjs-threading': 'Mutex' };
  expect(() => fromHandle({ ...handle, cells: new SharedArrayBuffer(64) })).toThrow("'Mutex'");
});
