import { type MemoryState, split, type Thing } from './state.js';

/** As script/queue.lua: whether owners are to come back first. */
export function inGrace(state: MemoryState): boolean {
  if (state.grace === 0) return false;
  if (state.now < state.grace) return true;
  state.grace = 0;
  const late = [...state.late].sort();
  state.late.clear();
  for (const k of late) grantNext(state, k);
  return false;
}

/** Serves those that wait while there is room: first come, first served. */
export function grantNext(state: MemoryState, k: string): void {
  const thing = state.thing(k);
  if (thing.queue.length === 0) return;
  if (state.now < state.grace) {
    state.late.add(k);
    return;
  }
  const permits = Number(thing.declared ?? '1');
  while (thing.holders.size < permits) {
    const id = thing.queue.shift();
    if (id === undefined) return;
    const [s, n] = split(id);
    if (!state.alive(s)) continue;
    const [token, died] = grant(state, s, n, k, thing);
    state.tell(s, `g ${n} ${token} ${state.run} ${died}`);
  }
}

function grant(state: MemoryState, s: string, n: string, k: string, thing: Thing): [string, string] {
  const token = `${state.mint()}`;
  const { died } = thing;
  thing.holders.set(`${s}/${n}`, token);
  thing.died = '';
  state.keep(s, k, n, `h ${token} ${died}`);
  return [token, died];
}

/** The answer to who asks again for what it has. */
export function granted(state: MemoryState, entry: string): string[] {
  const [, token = '', died = ''] = /^h (\S+) (.*)$/.exec(entry) ?? [];
  return ['1', token, died, state.run];
}

export function acquire(
  state: MemoryState,
  s: string,
  n: string,
  k: string,
  permits: string,
  queues: boolean,
): string[] {
  if (!state.alive(s)) return ['-1'];
  const thing = state.thing(k);
  if (thing.declared !== undefined && thing.declared !== permits) return ['-2', thing.declared];
  const grace = inGrace(state);
  const entry = state.entry(s, k, n);
  if (entry !== undefined) return entry.startsWith('h') ? granted(state, entry) : ['0'];
  const room = thing.holders.size < Number(permits) && !grace;
  if (!room && !queues) return ['0'];
  if (k.startsWith('s:')) thing.declared = permits;
  if (room) {
    const [token, died] = grant(state, s, n, k, thing);
    state.changed(k);
    return ['1', token, died, state.run];
  }
  if (grace) state.late.add(k);
  state.enqueue(s, n, k, `w ${state.now}`);
  state.changed(k);
  return ['0'];
}

/** Whether it was held. */
export function release(state: MemoryState, s: string, n: string, k: string): boolean {
  if (!state.thing(k).holders.delete(`${s}/${n}`)) return false;
  state.drop(s, k, n);
  grantNext(state, k);
  state.changed(k);
  return true;
}
