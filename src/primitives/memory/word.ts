import { types } from 'node:util';

/**
 * Words of shared memory. The only file that names Atomics or SharedArrayBuffer, so that all else can run over a
 * simulated one. JavaScript's atomics are sequentially consistent.
 */
export type Cells = Int32Array<SharedArrayBuffer>;

/** Zeroed words that every thread they are sent to sees. */
export function allocate(words: number): Cells {
  return new Int32Array(new SharedArrayBuffer(words * 4));
}

/** Words that `grow` can add to, up to `most`: address space is reserved at once, memory committed as it grows. */
export function allocateGrowable(words: number, most: number): Cells {
  return new Int32Array(new SharedArrayBuffer(words * 4, { maxByteLength: most * 4 }));
}

/** The first so many words of memory that can grow up to `most`. Their view stays as long: such a one is as fast as any. */
export function allocateWithReserve(words: number, most: number): Cells {
  return new Int32Array(new SharedArrayBuffer(words * 4, { maxByteLength: most * 4 }), 0, words);
}

/** The first so many words behind a value that came through a structured clone; null when there are not so many. */
export function firstWords(buffer: unknown, words: number): Cells | null {
  return isShared(buffer) && buffer.byteLength >= words * 4 ? new Int32Array(buffer, 0, words) : null;
}

/** All words that there are by now, of memory that can grow. */
export function wholeOf(cells: Cells): Cells {
  return new Int32Array(cells.buffer, 0, cells.buffer.byteLength >> 2);
}

/** Makes it at least `words` long, for every thread that has a view of it. false when that is past the reserve. */
export function grow(cells: Cells, words: number): boolean {
  const buffer = cells.buffer;
  if (words * 4 > buffer.maxByteLength) return false;
  try {
    if (buffer.byteLength < words * 4) buffer.grow(words * 4);
  } catch (error) {
    // Another thread may have made it even longer in between.
    if (buffer.byteLength < words * 4) throw error;
  }
  return true;
}

/** A view of the words behind a value that came through a structured clone; null when it is no shared memory. */
export function viewOf(buffer: unknown): Cells | null {
  return isShared(buffer) ? new Int32Array(buffer) : null;
}

export function isShared(buffer: unknown): buffer is SharedArrayBuffer {
  // Not by its class: what comes over a port may be of another realm than this code.
  return types.isSharedArrayBuffer(buffer);
}

export function load(cells: Cells, index: number): number {
  return Atomics.load(cells, index);
}

/** A plain load: cheaper, but it may show what the word was a moment ago. */
export function peek(cells: Cells, index: number): number {
  return cells[index] as number;
}

export function store(cells: Cells, index: number, value: number): void {
  Atomics.store(cells, index, value);
}

/** Returns the value before. */
export function add(cells: Cells, index: number, value: number): number {
  return Atomics.add(cells, index, value);
}

/** Returns the value before. */
export function or(cells: Cells, index: number, bits: number): number {
  return Atomics.or(cells, index, bits);
}

/** Returns the value before. */
export function and(cells: Cells, index: number, bits: number): number {
  return Atomics.and(cells, index, bits);
}

/** Returns the value before. */
export function exchange(cells: Cells, index: number, value: number): number {
  return Atomics.exchange(cells, index, value);
}

/** Returns the value before: it was swapped when that is `expected`. */
export function compareExchange(cells: Cells, index: number, expected: number, value: number): number {
  return Atomics.compareExchange(cells, index, expected, value);
}

/**
 * How often who finds a lock taken looks again before it parks: most are let go of within the few µs that parking and being
 * woken cost. The bank of two workers is fastest from here on.
 */
export const LOOKS_BEFORE_PARK = 24;

/** Blocks the thread while the word is `expected`, until woken or `ms` have passed. */
export function park(
  cells: Cells,
  index: number,
  expected: number,
  ms: number,
): 'ok' | 'not-equal' | 'timed-out' {
  return Atomics.wait(cells, index, expected, ms);
}

/** `woken` runs from the event loop once woken; false when the word is not `expected`. Cannot be cancelled. */
export function parkAsync(cells: Cells, index: number, expected: number, woken: () => void): boolean {
  const wait = Atomics.waitAsync(cells, index, expected);
  if (!wait.async) return false;
  void wait.value.then(woken);
  return true;
}

/** Wakes up to `count` of those parked, both faces, longest first. */
export function wake(cells: Cells, index: number, count: number = Number.POSITIVE_INFINITY): void {
  Atomics.notify(cells, index, count);
}
