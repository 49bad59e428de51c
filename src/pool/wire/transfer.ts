import { types } from 'node:util';
import * as workerThreads from 'node:worker_threads';
import { isShared } from '../../primitives/memory/word.js';
import { show } from '../../primitives/options.js';
import { threadWide } from '../../primitives/threads/thread-wide.js';

type TransferListItem = workerThreads.TransferListItem;

const NOTHING: readonly TransferListItem[] = [];
/** Not before Node 21. */
const isMarkedAsUntransferable = (
  workerThreads as { readonly isMarkedAsUntransferable?: (one: unknown) => boolean }
).isMarkedAsUntransferable;

interface Marked {
  /** By value, what moves with it. undefined until this thread calls transfer(), so that threads that never do pay nothing. */
  lists: WeakMap<object, readonly TransferListItem[]> | undefined;
}

/** By whichever copy of this library: what a target returns is sent by that of its worker. */
const marked: Marked = threadWide('marked', { lists: undefined });

/**
 * Marks a value: where it goes to another thread, it or what is in `transferList` moves instead of being copied, and is
 * empty here from then on. For whatever is sent by itself: an argument of a thread or job, a value on its way into
 * `threadMap` or `threadPipe`, what a target returns, emits or reports as progress. Elsewhere it means nothing.
 *
 * Returns the value itself. What has moved cannot be sent again: subscribing again needs it made anew. A worker that
 * dies takes with it what was moved there. Source: HTML, `postMessage` with a transfer list.
 *
 * @param transferList - what moves, as in postMessage; default: the value, or the buffer it is a view of
 * @throws TypeError showing what cannot move. What moved before is an error where it is sent
 * @example
 * const pixels = new Uint8Array(1_000_000);
 * const sum = (image: { pixels: Uint8Array }) => image.pixels.reduce((a, b) => a + b, 0);
 * await using pool = new ThreadPool();
 * console.log(await pool.run(sum, [transfer({ pixels }, [pixels.buffer])])); // prints 0
 * console.log(pixels.length); // prints 0
 */
export function transfer<T extends object>(value: T, transferList?: readonly object[]): T {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`what is transferred must be an object, got ${show(value)}`);
  if (transferList !== undefined && !Array.isArray(transferList))
    throw new TypeError(`transferList must be an array, got ${show(transferList)}`);
  const list = transferList ?? [ArrayBuffer.isView(value) ? bufferOf(value) : value];
  for (const one of list) checkMovable(one);
  marked.lists ??= new WeakMap();
  marked.lists.set(value, list as readonly TransferListItem[]);
  return value;
}

function bufferOf(view: ArrayBufferView): ArrayBufferLike {
  const { buffer } = view;
  if (Buffer.isBuffer(view) && view.byteLength < buffer.byteLength) {
    throw new TypeError(
      `cannot transfer ${show(view)}: small Buffers share their memory with others. Let it be copied, as it is small`,
    );
  }
  return buffer;
}

/** Refuses what certainly cannot move. Of other objects only the port knows, when they are sent. */
function checkMovable(one: unknown): void {
  checkNotPooled(one);
  const shared = isShared(one);
  const plain = typeof one !== 'object' || one === null || Array.isArray(one) || ArrayBuffer.isView(one);
  if (!shared && !plain && Object.getPrototypeOf(one) !== Object.prototype) return;
  const why = shared
    ? 'it is shared, and costs nothing to send'
    : 'say in transferList which ArrayBuffers, MessagePorts or streams of it are to move';
  throw new TypeError(`cannot transfer ${show(one)}: ${why}`);
}

/** Small Buffers are views of memory that they share: Node 20 copies it instead of moving it, later ones refuse to. */
function checkNotPooled(one: unknown): void {
  const pooled = isMarkedAsUntransferable?.(one) ?? one === Buffer.allocUnsafe(1).buffer;
  if (!pooled || !types.isArrayBuffer(one)) return;
  throw new TypeError(
    `cannot transfer ${show(one)}: it is memory that small Buffers share. Let them be copied, as they are small`,
  );
}

/** Whether something moves with the value, which is then sent in a message of its own. */
export function moves(value: unknown): boolean {
  return marked.lists?.has(value as object) === true;
}

/** What moves with these values. @throws DataCloneError for an ArrayBuffer that moved before, which Node 20 would send as an empty one */
export function movesOf(values: readonly unknown[]): readonly TransferListItem[] {
  const { lists } = marked;
  if (lists === undefined) return NOTHING;
  let found: TransferListItem[] | undefined;
  for (const value of values) {
    const list = lists.get(value as object);
    if (list === undefined) continue;
    found ??= [];
    for (const one of list) {
      // Two views of one buffer, or one value given twice: a port refuses to move it twice.
      if (found.includes(one)) continue;
      if (isDetached(one))
        throw new DOMException('An ArrayBuffer is detached: it has moved before', 'DataCloneError');
      found.push(one);
    }
  }
  return found ?? NOTHING;
}

/** What moves with the values of a message: by a transferList and by `transfer`. @throws TypeError, DataCloneError */
export function movesWith(
  transferList: readonly TransferListItem[],
  values: readonly unknown[],
): readonly TransferListItem[] {
  const moving = movesOf(values);
  if (transferList.length === 0) return moving;
  for (const one of transferList) checkNotPooled(one);
  return [...new Set([...transferList, ...moving])];
}

/** Whether the value is an ArrayBuffer that has moved to another thread. */
export function isDetached(value: unknown): boolean {
  if (!types.isArrayBuffer(value) || value.byteLength > 0) return false;
  try {
    // Node 20 has no `detached`.
    return new Uint8Array(value).byteLength > 0;
  } catch {
    return true;
  }
}

/** Whether the value is a MessagePort that has moved to another thread, or that either side has closed. */
export function isClosedPort(value: unknown): boolean {
  if (!(value instanceof workerThreads.MessagePort)) return false;
  const port = value as workerThreads.MessagePort & { hasRef(): boolean };
  if (port.hasRef()) return false;
  // Of a closed one that has no effect.
  port.ref();
  const isOpen = port.hasRef();
  port.unref();
  return !isOpen;
}
