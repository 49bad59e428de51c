import { Barrier, SharedBarrier } from './barrier.js';
import { BoundedSemaphore } from './bounded-semaphore.js';
import { Condition, SharedCondition } from './condition.js';
import { Event } from './event.js';
import { Lock } from './lock.js';
import { HEADER_WORDS, ID } from './memory/layout.js';
import { type Cells, load, viewOf } from './memory/word.js';
import { show } from './options.js';
import { Primitive, Shared } from './primitive.js';
import { RLock } from './rlock.js';
import { Semaphore } from './semaphore.js';
import { type PackedTarget, packTarget } from './target.js';
import { joinTable } from './threads/current-ident.js';
import { table } from './threads/table.js';

export type AnyPrimitive = Lock | RLock | Condition | Semaphore | Event | Barrier;

const MARK = 'rxjs-threading';
type Kind = 'Lock' | 'RLock' | 'Condition' | 'Semaphore' | 'BoundedSemaphore' | 'Event' | 'Barrier';

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

/** By id, this thread's object for each primitive that came from or went to another thread: always the same one. */
const views = new Map<number, WeakRef<AnyPrimitive>>();
const collected = new FinalizationRegistry<number>((id) => {
  if (views.get(id)?.deref() === undefined) views.delete(id);
});

function remember<P extends AnyPrimitive>(primitive: P): P {
  if (views.get(primitive.id)?.deref() !== primitive) {
    views.set(primitive.id, new WeakRef(primitive));
    collected.register(primitive, primitive.id);
  }
  return primitive;
}

export function isPrimitive(value: unknown): value is AnyPrimitive {
  return value instanceof Primitive;
}

/**
 * A structured-cloneable stand-in for a primitive, for postMessage, workerData and pools of your own.
 *
 * @throws TypeError for anything else
 * @example
 * new Worker(url, { workerData: toHandle(lock) }); // there: fromHandle(workerData)
 */
export function toHandle(primitive: AnyPrimitive): object {
  if (!isPrimitive(primitive)) throw new TypeError(`toHandle takes a primitive, got ${show(primitive)}`);
  return handleOf(remember(primitive));
}

function handleOf(primitive: AnyPrimitive): Handle {
  const common = { name: primitive.name, cells: primitive.cells.buffer, table: table.buffer };
  if (primitive instanceof Lock) return { [MARK]: 'Lock', ...common };
  if (primitive instanceof RLock) return { [MARK]: 'RLock', ...common };
  if (primitive instanceof BoundedSemaphore) return { [MARK]: 'BoundedSemaphore', ...common };
  if (primitive instanceof Semaphore) return { [MARK]: 'Semaphore', ...common };
  if (primitive instanceof Event) return { [MARK]: 'Event', ...common };
  const slots = primitive.slots.table.buffer;
  if (primitive instanceof Condition) {
    return { [MARK]: 'Condition', ...common, slots, lock: handleOf(remember(primitive.lock)) };
  }
  const { action, timeout } = primitive;
  return { [MARK]: 'Barrier', ...common, slots, timeout, action: packAction(action) };
}

/** A thread that got the Barrier from another has its action packed already. */
function packAction(action: Barrier['action'] | PackedTarget): PackedTarget | undefined {
  return action === undefined || 'source' in action ? action : packTarget(action);
}

/**
 * The primitive again, in whatever thread: the same memory, and the same object each time in one thread.
 *
 * @throws TypeError for anything that is no handle
 * @example
 * const done = fromHandle(workerData) as Event;
 */
export function fromHandle(handle: unknown): AnyPrimitive {
  const cells = isHandle(handle) ? viewOf(handle.cells) : null;
  if (cells === null || cells.length < HEADER_WORDS)
    throw new TypeError(`fromHandle takes what toHandle gave, got ${show(handle)}`);
  const { table: home } = handle as Handle;
  joinTable(home);
  return views.get(load(cells, ID))?.deref() ?? remember(view(handle as Handle, cells));
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Handle>)[MARK] === 'string';
}

function view(handle: Handle, cells: Cells): AnyPrimitive {
  const shared = new Shared(handle.name, cells);
  switch (handle[MARK]) {
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
    case 'Condition': {
      const lock = fromHandle(handle.lock) as Lock | RLock;
      return new Condition(lock, new SharedCondition(handle.name, cells, slotsOf(handle)));
    }
    case 'Barrier': {
      const { name, timeout, action } = handle;
      const origin = new SharedBarrier(
        name,
        cells,
        slotsOf(handle),
        timeout ?? Number.POSITIVE_INFINITY,
        action,
      );
      return new Barrier(1, origin as never);
    }
    default:
      throw new TypeError(`fromHandle takes what toHandle gave, got ${show(handle)}`);
  }
}

function slotsOf(handle: Handle): Cells {
  const slots = viewOf(handle.slots);
  if (slots === null) throw new TypeError(`fromHandle takes what toHandle gave, got ${show(handle)}`);
  return slots;
}
