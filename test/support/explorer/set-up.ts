import { START } from './layout.js';
import type { MemoryMap } from './memory-map.js';
import { type Operation, written } from './operation.js';

/** What there is before the threads begin, and as their modules are loaded. */
export interface SetUp {
  readonly words: number[];
  readonly map: MemoryMap;
}

/** Does what nobody else can see yet; returns what it came to. */
export function atOnce(operation: Operation, words: number[]): number {
  if (operation.does === 'time') return START;
  if (!('at' in operation)) throw new Error(`no ${operation.does} while setting up`);
  const before = words[operation.at] ?? 0;
  const after = written(operation, before);
  if (after !== undefined) words[operation.at] = after;
  return before;
}
