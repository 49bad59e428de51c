import { ARRIVED, BROKEN, PARTIES } from './barrier-rounds.js';
import { ACQUIRES, ID, OWN, VALUE, WORD } from './memory/layout.js';
import { type Cells, load } from './memory/word.js';
import { BOUND } from './semaphore.js';
import type { PrimitiveKind } from './threads/contention.js';

/** What the words of a primitive say, at this moment. */
export type WordsState =
  /** Of a Lock or RLock: the ident in its word, and how deep it is held; null: it is free. */
  | { readonly owner: { readonly ident: number; readonly depth: number } | null }
  /** Of a semaphore; most: of a BoundedSemaphore. */
  | { readonly value: number; readonly most: number | null }
  | { readonly isSet: boolean }
  | { readonly parties: number; readonly arrived: number; readonly broken: boolean }
  /** Of a Condition: its lock has words of its own. */
  | { readonly unknown: true };

/**
 * Reads a primitive in the words of its handle, without an object of its class: for a monitor, whose thread has no ident
 * and may enter no critical section.
 */
export function stateInWords(kind: PrimitiveKind, cells: Cells): WordsState {
  const word = load(cells, WORD);
  const value = word & VALUE;
  switch (kind) {
    case 'Lock':
      return { owner: value === 0 ? null : { ident: value, depth: 1 } };
    case 'RLock':
      return { owner: value === 0 ? null : { ident: value, depth: load(cells, OWN) + 1 } };
    case 'Semaphore':
      return { value, most: null };
    case 'BoundedSemaphore':
      return { value, most: load(cells, BOUND) };
    case 'Event':
      return { isSet: (value & 1) === 1 };
    case 'Barrier':
      return { parties: load(cells, PARTIES), arrived: load(cells, ARRIVED), broken: value === BROKEN };
    case 'Condition':
      return { unknown: true };
  }
}

/** `id` of the primitive that has the words. */
export function idInWords(cells: Cells): number {
  return load(cells, ID);
}

/** How often it was acquired while somebody looked at all of it: see `noteTaken` in synchronizer.ts. */
export function acquiresInWords(cells: Cells): number {
  return load(cells, ACQUIRES) >>> 0;
}
