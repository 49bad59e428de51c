import { granted, grantNext, release } from './held.js';
import { type MemoryState, split } from './state.js';

/** The lock that a condition belongs to. */
export function lockOf(condition: string): string {
  return `l:${condition.slice(2)}`;
}

/** @param hold - number of what is let go; '': it was before */
export function wait(state: MemoryState, s: string, n: string, k: string, hold: string): string[] {
  if (!state.alive(s)) return ['-1'];
  if (state.entry(s, k, n) !== undefined) return ['0'];
  const lock = lockOf(k);
  const entry = state.entry(s, lock, n);
  if (entry !== undefined) return entry.startsWith('h') ? granted(state, entry) : ['2'];
  if (hold !== '' && !state.thing(lock).holders.has(`${s}/${hold}`)) return ['-5'];
  state.enqueue(s, n, k, `w ${state.now}`);
  if (hold !== '') release(state, s, hold, lock);
  state.changed(k);
  return ['0'];
}

export function notifyOnce(state: MemoryState, s: string, n: string, k: string, count: number): string[] {
  if (!state.alive(s)) return ['-1'];
  let entry = state.entry(s, k, n);
  if (entry === undefined) {
    const holders = [...state.thing(lockOf(k)).holders.keys()];
    if (!holders.some((id) => split(id)[0] === s)) return ['-5'];
    entry = `d ${notify(state, k, count)}`;
    state.keep(s, k, n, entry);
  }
  return ['1', entry.slice(2)];
}

/** How many were notified: the first that live, `count` at most. They queue for the lock. */
export function notify(state: MemoryState, k: string, count: number): number {
  const lock = lockOf(k);
  const { queue } = state.thing(k);
  let moved = 0;
  while (moved < count) {
    const id = queue.shift();
    if (id === undefined) break;
    const [s, n] = split(id);
    if (!state.alive(s)) continue;
    const since = state.entry(s, k, n)?.slice(2);
    state.drop(s, k, n);
    state.enqueue(s, n, lock, `n ${since}`);
    state.tell(s, `n ${n}`);
    moved++;
  }
  if (moved === 0) return 0;
  grantNext(state, lock);
  state.changed(lock);
  state.changed(k);
  return moved;
}
