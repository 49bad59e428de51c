import { Barrier, Condition, fromHandle, Lock, RLock, Semaphore, toHandle } from 'rxjs-threading';
import { expect, it } from 'vitest';

type Parts = Record<string, unknown> & { cells: SharedArrayBuffer };
const lock = (): Parts => structuredClone(toHandle(new Lock({ name: 'good' }))) as Parts;
const condition = (): Parts => structuredClone(toHandle(new Condition())) as Parts;
const barrier = (action?: () => unknown): Parts =>
  structuredClone(toHandle(new Barrier(1, action === undefined ? {} : { action }))) as Parts;
const empty = (words: number): SharedArrayBuffer => new SharedArrayBuffer(words * 4);

it.each<[string, () => unknown, RegExp]>([
  ['no kind', () => ({ ...lock(), 'rxjs-threading': undefined }), /of no kind/],
  ['a kind that every object has', () => ({ ...lock(), 'rxjs-threading': 'constructor' }), /of no kind/],
  ['a name that is no string', () => ({ ...lock(), name: { evil: 1 } }), /name/],
  ['no name', () => ({ ...lock(), name: undefined }), /name/],
  ['no memory', () => ({ ...lock(), cells: undefined }), /cells/],
  ['memory that is not shared', () => ({ ...lock(), cells: new ArrayBuffer(64) }), /cells/],
  [
    'what says that it is shared memory',
    () => ({ ...lock(), cells: { [Symbol.toStringTag]: 'SharedArrayBuffer' } }),
    /cells/,
  ],
  ['too little memory', () => ({ ...lock(), cells: empty(1) }), /cells/],
  ['the memory of no primitive', () => ({ ...lock(), cells: empty(16) }), /cells/],
  ['the memory of another kind', () => ({ ...lock(), 'rxjs-threading': 'Barrier' }), /cells/],
  ['no table', () => ({ ...lock(), table: undefined }), /table/],
  ['no slots', () => ({ ...barrier(), slots: undefined }), /slots/],
  ['no lock', () => ({ ...condition(), lock: undefined }), /got undefined/],
  ['a Condition for a lock', () => ({ ...condition(), lock: condition() }), /lock/],
  ['a timeout that is no number', () => ({ ...barrier(), timeout: '5' }), /timeout/],
  ['a timeout below 0', () => ({ ...barrier(), timeout: -1 }), /timeout/],
  [
    'an action that the Barrier does not have',
    () => ({ ...barrier(), action: { source: '() => 1' } }),
    /action/,
  ],
  ['an action of a Lock', () => ({ ...lock(), action: { source: '() => 1' } }), /action/],
  [
    'another action than the Barrier has',
    () => ({ ...barrier(() => 1), action: { source: '() => { globalThis.ran = true; }' } }),
    /action/,
  ],
  [
    'a module as an action',
    () => ({ ...barrier(() => 1), action: { module: 'node:process', export: 'exit' } }),
    /action/,
  ],
])('a handle with %s is refused', (_, make, message) => {
  const handle = make();
  expect(() => fromHandle(handle)).toThrow(TypeError);
  expect(() => fromHandle(handle)).toThrow(message);
  expect(Reflect.get(globalThis, 'ran')).toBeUndefined();
});

it('the memory of a primitive that is known here is that primitive, and nothing else', () => {
  const known = new Lock();
  const handle = toHandle(known);
  expect(() => fromHandle({ ...handle, 'rxjs-threading': 'Semaphore' })).toThrow(
    /a Semaphore in the memory of/,
  );
  expect(fromHandle(handle)).toBe(known);
});

it('a handle travels on from a thread that it came to, with its action', () => {
  const first = new Barrier(1, { action: () => 'ran' });
  const again = structuredClone(toHandle(fromHandle(structuredClone(toHandle(first)))));
  expect(fromHandle(again)).toBe(first);
  const semaphore = new Semaphore(2);
  expect(fromHandle(structuredClone(toHandle(semaphore)))).toBe(semaphore);
  const condition = new Condition(new RLock());
  expect(fromHandle(structuredClone(toHandle(condition)))).toBe(condition);
});

it('a handle that stands in itself is refused as any other that is none', () => {
  const handle: { lock?: unknown } = structuredClone(toHandle(new Condition()));
  handle.lock = handle;
  expect(() => fromHandle(handle)).toThrow(TypeError);
  expect(() => fromHandle(handle)).toThrow(/its lock is none/);
});
