import { type MemoryState, split } from './state.js';

/** Longer than the longest lease, so that a waiter has asked again before; as in script/names.lua. */
const REMEMBER_CLEAR = 1_200_000;

export function change(state: MemoryState, s: string, n: string, k: string, set: boolean): string[] {
  if (!state.alive(s)) return ['-1'];
  const done = state.entry(s, k, n);
  if (done !== undefined) return ['1', done.slice(2)];
  const event = state.thing(k);
  if ((event.generation % 2 === 1) === set) return ['1', `${event.generation}`];
  event.generation = state.mint(set);
  if (set) {
    for (const [w, n] of event.queue.map(split)) {
      state.keep(w, k, n, `e ${event.generation}`);
      state.tell(w, `e ${n} ${event.generation}`);
    }
    event.queue = [];
    state.old.delete(k);
  } else state.old.set(k, state.now + REMEMBER_CLEAR);
  state.keep(s, k, n, `d ${event.generation}`);
  state.changed(k);
  return ['1', `${event.generation}`];
}

/** @param from - generation that the wait began at; '': the one now */
export function awaitSet(state: MemoryState, s: string, n: string, k: string, from: string): string[] {
  if (!state.alive(s)) return ['-1'];
  const entry = state.entry(s, k, n);
  if (entry?.startsWith('e')) return ['1', entry.slice(2)];
  const { generation } = state.thing(k);
  if (entry === undefined) {
    if (generation % 2 === 1 || (from !== '' && generation > Number(from))) return ['1', `${generation}`];
    state.enqueue(s, n, k, `w ${state.now}`);
    state.changed(k);
  }
  return ['0', `${generation}`];
}

/** The generation of an event that was cleared long ago is of use to nobody. */
export function forgetClear(state: MemoryState): void {
  for (const [k, at] of state.old) {
    if (at > state.now) continue;
    state.old.delete(k);
    state.thing(k).generation = 0;
  }
}
