import { Barrier, SharedBarrier } from './barrier.js';
import { BoundedSemaphore } from './bounded-semaphore.js';
import { brand, kindOf, ofAnotherCopy } from './brand.js';
import { Condition, SharedCondition } from './condition.js';
import { Event } from './event.js';
import { Lock } from './lock.js';
import { HEADER_WORDS, ID, SLOTTED_WORDS } from './memory/layout.js';
import { type Cells, compareExchange, load, store, viewOf } from './memory/word.js';
import { show } from './options.js';
import { Shared } from './primitive.js';
import { RLock } from './rlock.js';
import { Semaphore } from './semaphore.js';
import { type PackedTarget, packTarget } from './target.js';
import { joinTable } from './threads/current-ident.js';
import { table } from './threads/table.js';

/** Any of the primitives: narrow it by `instanceof`. */
export type AnyPrimitive = Lock | RLock | Condition | Semaphore | Event | Barrier;

const MARK = 'rxjs-threading';
/** By kind. A class comes after the one that it extends, whose brand it would have otherwise. */
const CLASSES = { Lock, RLock, Condition, Semaphore, BoundedSemaphore, Event, Barrier };
type Kind = keyof typeof CLASSES;
for (const [kind, madeBy] of Object.entries(CLASSES)) brand(madeBy, kind);

/** A primitive on its way to another thread: its words, and what it has beside them. */
interface Handle {
  readonly [MARK]: Kind;
  readonly name: string;
  readonly cells: SharedMemory;
  readonly table: SharedMemory;
  readonly slots?: SharedMemory;
  readonly lock?: Handle;
  readonly timeout?: number;
  readonly action?: PackedTarget | undefined;
}
type SharedMemory = Cells['buffer'];

/** By key, this thread's object for each primitive that came from or went to another thread: always the same one. */
const views = new Map<number, WeakRef<AnyPrimitive>>();
const collected = new FinalizationRegistry<number>((key) => {
  if (views.get(key)?.deref() === undefined) views.delete(key);
});

function remember<P extends AnyPrimitive>(primitive: P): P {
  const key = keyOf(primitive.cells);
  if (views.get(key)?.deref() !== primitive) {
    views.set(key, new WeakRef(primitive));
    collected.register(primitive, key);
  }
  return primitive;
}

const CHANCES = 2 ** 22;

/**
 * What no other primitive has: its id, of which a process that is up for weeks may give the same again, and a number by chance
 * that its last cell has from its first handle on.
 */
function keyOf(cells: Cells): number {
  const last = cells.length - 1;
  const chance = 1 + Math.floor(Math.random() * (CHANCES - 1));
  return load(cells, ID) * CHANCES + (compareExchange(cells, last, 0, chance) || chance);
}

export function isPrimitive(value: unknown): value is AnyPrimitive {
  return typeof value === 'object' && value !== null && isKind(kindOf(value));
}

function isKind(kind: unknown): kind is Kind {
  return typeof kind === 'string' && Object.hasOwn(CLASSES, kind);
}

/**
 * A structured-cloneable stand-in for a primitive, for postMessage, workerData and pools of your own. Threads of this
 * library need none: a primitive in their arguments arrives as itself. Python needs none: its threads share all objects.
 *
 * @throws TypeError for anything else
 * @example
 * const done = new Event();
 * const there = structuredClone(toHandle(done)); // as postMessage and workerData do
 * console.log(fromHandle(there) === done); // prints true
 */
export function toHandle(primitive: AnyPrimitive): object {
  if (!isPrimitive(primitive))
    throw new TypeError(`toHandle takes a primitive, got ${show(primitive)}${ofAnotherCopy(primitive)}`);
  return handleOf(remember(primitive));
}

function handleOf(primitive: AnyPrimitive): Handle {
  const kind = kindOf(primitive) as Kind;
  const { name, cells } = primitive;
  const common = { [MARK]: kind, name, cells: cells.buffer, table: table.buffer };
  if (kind !== 'Condition' && kind !== 'Barrier') return common;
  const slots = (primitive as Condition | Barrier).slots.table.buffer;
  if (kind === 'Condition')
    return { ...common, slots, lock: handleOf(remember((primitive as Condition).lock)) };
  const { action, timeout } = primitive as Barrier;
  const packed = packAction(action);
  if (packed !== undefined) vouchFor(packed, cells);
  return { ...common, slots, timeout, action: packed };
}

/** A thread that got the Barrier from another has its action packed already. */
function packAction(action: Barrier['action'] | PackedTarget): PackedTarget | undefined {
  return action === undefined || 'source' in action ? action : packTarget(action);
}

/** Of a Barrier: the first bits of its action's SHA-256. */
const ACTION_DIGEST = SLOTTED_WORDS - 5;

/**
 * An action is code that a handle brings. Its digest stands in the Barrier's shared memory, which nobody outside of the
 * process can have: a handle whose action is another one than the Barrier's was not made by `toHandle`.
 */
function vouchFor(action: PackedTarget, cells: Cells): void {
  for (const [word, value] of digestOf(action).entries()) store(cells, ACTION_DIGEST + word, value);
}

function isVouchedFor(action: PackedTarget, cells: Cells): boolean {
  return digestOf(action).every((value, word) => load(cells, ACTION_DIGEST + word) === value);
}

function digestOf(action: PackedTarget): Int32Array {
  // Not imported, nor is node:v8 anywhere: for what few programs need each import of the library would take a tenth longer.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const text = 'source' in action ? `(${action.source})` : `${action.export} of ${action.module}`;
  return new Int32Array(Uint8Array.from(createHash('sha256').update(text).digest()).buffer, 0, 4);
}

/**
 * The primitive again, in whatever thread: the same memory, and the same object each time in one thread.
 *
 * Every part of the handle is checked, and nothing has changed here when one is refused. Python needs none.
 *
 * @throws TypeError for anything but what toHandle gave; ThreadError (`ERR_OTHER_TABLE`) in a worker that loaded the
 * library before the main thread did
 * @example
 * const { port1, port2 } = new MessageChannel();
 * port1.once('message', (handle) => {
 *   const lock = fromHandle(handle);
 *   if (lock instanceof Lock) console.log(lock.name); // prints printer
 *   port1.close();
 * });
 * port2.postMessage(toHandle(new Lock({ name: 'printer' })));
 */
export function fromHandle(handle: unknown): AnyPrimitive {
  const checked = checkHandle(handle);
  joinTable(checked.table);
  return viewFor(checked);
}

/** A handle whose parts are what they should be. */
interface CheckedHandle {
  readonly kind: Kind;
  readonly name: string;
  readonly cells: Cells;
  readonly table: unknown;
  readonly slots: Cells | null;
  readonly lock: CheckedHandle | undefined;
  readonly timeout: number;
  readonly action: PackedTarget | undefined;
}

function checkHandle(handle: unknown): CheckedHandle {
  const refuse = (why: string): never => {
    throw new TypeError(`fromHandle takes what toHandle gave, got ${show(handle)}: ${why}`);
  };
  if (typeof handle !== 'object' || handle === null) return refuse('it is no object');
  const { [MARK]: kind, name, table: home, timeout, action, ...more } = handle as Partial<Handle>;
  if (!isKind(kind)) return refuse('it is of no kind of primitive');
  if (typeof name !== 'string') return refuse('its name is no string');
  const hasSlots = kind === 'Condition' || kind === 'Barrier';
  const cells = viewOf(more.cells);
  if (cells === null || cells.length !== (hasSlots ? SLOTTED_WORDS : HEADER_WORDS) || load(cells, ID) <= 0)
    return refuse("its cells are not a primitive's memory");
  if (viewOf(home) === null) return refuse('it has no table of threads');
  const slots = viewOf(more.slots);
  if (hasSlots && slots === null) return refuse('its slots are no shared memory');
  const ofLock: unknown = more.lock?.[MARK];
  // Before that is looked into: a handle may stand in itself.
  if (isKind(ofLock) && ofLock !== 'Lock' && ofLock !== 'RLock') return refuse('its lock is none');
  const lock = kind === 'Condition' ? checkHandle(more.lock) : undefined;
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0))
    return refuse('its timeout is no number of ms');
  if (action !== undefined && !(kind === 'Barrier' && isPacked(action) && isVouchedFor(action, cells)))
    return refuse("its action is not the Barrier's");
  return {
    kind,
    name,
    cells,
    table: home,
    slots,
    lock,
    timeout: timeout ?? Number.POSITIVE_INFINITY,
    action,
  };
}

function isPacked(action: object): action is PackedTarget {
  if (action === null || typeof action !== 'object') return false;
  const { source, module, export: name } = action as Record<string, unknown>;
  return typeof source === 'string' || (typeof module === 'string' && typeof name === 'string');
}

function viewFor(handle: CheckedHandle): AnyPrimitive {
  const known = views.get(keyOf(handle.cells))?.deref();
  if (known === undefined) return remember(newView(handle));
  if (kindOf(known) === handle.kind) return known;
  throw new TypeError(
    `fromHandle takes what toHandle gave, got a ${handle.kind} in the memory of ${show(known)}`,
  );
}

function newView({ kind, name, cells, slots, lock, timeout, action }: CheckedHandle): AnyPrimitive {
  const shared = new Shared(name, cells);
  switch (kind) {
    case 'Lock':
      return new Lock(shared);
    case 'RLock':
      return new RLock(shared);
    case 'Semaphore':
      return new Semaphore(undefined, shared);
    case 'BoundedSemaphore':
      return new BoundedSemaphore(undefined, shared);
    case 'Event':
      return new Event(shared);
    case 'Condition':
      return new Condition(
        viewFor(lock as CheckedHandle) as Lock | RLock,
        new SharedCondition(name, cells, slots as Cells),
      );
    case 'Barrier':
      return new Barrier(1, new SharedBarrier(name, cells, slots as Cells, timeout, action) as never);
  }
}
