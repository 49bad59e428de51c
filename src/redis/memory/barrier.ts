import { type MemoryState, split, type Thing } from './state.js';

export function arrive(
  state: MemoryState,
  s: string,
  n: string,
  k: string,
  parties: string,
  acts: boolean,
): string[] {
  if (!state.alive(s)) return ['-1'];
  const entry = state.entry(s, k, n);
  if (entry !== undefined) return outcome(entry);
  const barrier = state.thing(k);
  if (barrier.broken) return ['-3'];
  if (barrier.declared !== undefined && barrier.declared !== parties) return ['-2', barrier.declared];
  barrier.declared = parties;
  state.enqueue(s, n, k, `${acts ? 'W' : 'w'} ${state.now}`);
  meet(state, k, barrier);
  state.changed(k);
  return outcome(state.entry(s, k, n));
}

/** Lets full rounds pass, until one has an action to run. */
function meet(state: MemoryState, k: string, barrier: Thing): void {
  const parties = Number(barrier.declared);
  while (barrier.round.length === 0 && barrier.queue.length >= parties) {
    const round = barrier.queue.slice(0, parties);
    const rest = barrier.queue.slice(parties);
    const living = round.filter((id) => state.alive(split(id)[0]));
    if (living.length < parties) {
      barrier.queue = [...living, ...rest];
      continue;
    }
    barrier.queue = rest;
    barrier.round = round;
    const [s, n] = split(round[parties - 1] as string);
    if (state.entry(s, k, n)?.startsWith('W')) settle(state, s, n, k, `a ${parties - 1}`);
    else pass(state, k, barrier);
  }
}

function settle(state: MemoryState, s: string, n: string, k: string, value: string): void {
  state.keep(s, k, n, value);
  state.tell(s, `${value.charAt(0)} ${n}${value.slice(1)}`);
}

function pass(state: MemoryState, k: string, barrier: Thing): void {
  const { round } = barrier;
  barrier.round = [];
  const first = Number(barrier.declared) - round.length;
  for (const [i, id] of round.entries()) settle(state, ...split(id), k, `p ${first + i}`);
}

/** Ends all waits. @param broken - whether those to come are refused as well */
function refuse(state: MemoryState, k: string, broken: boolean): void {
  const barrier = state.thing(k);
  const all = [...barrier.round, ...barrier.queue];
  barrier.round = [];
  barrier.queue = [];
  barrier.broken = broken;
  for (const id of all) settle(state, ...split(id), k, 'x');
  state.changed(k);
}

export function restart(state: MemoryState, s: string, n: string, k: string, broken: boolean): string[] {
  if (!state.alive(s)) return ['-1'];
  if (state.entry(s, k, n) !== undefined) return ['1'];
  state.keep(s, k, n, 'd');
  refuse(state, k, broken);
  return ['1'];
}

/** @param well - whether the action has not failed */
export function acted(state: MemoryState, s: string, n: string, k: string, well: boolean): string[] {
  const entry = state.entry(s, k, n);
  if (entry === undefined) return ['-3'];
  if (entry.startsWith('a') && !well) refuse(state, k, true);
  else if (entry.startsWith('a')) {
    const barrier = state.thing(k);
    pass(state, k, barrier);
    meet(state, k, barrier);
    state.changed(k);
  }
  return outcome(state.entry(s, k, n));
}

/** A party whose time is up breaks the barrier, unless all have come. */
export function timedOut(state: MemoryState, s: string, n: string, k: string): string[] {
  const entry = state.entry(s, k, n);
  if (entry === undefined) return ['-3'];
  if (/^w/i.test(entry) && state.thing(k).round.length === 0) refuse(state, k, true);
  const answer = outcome(state.entry(s, k, n));
  return answer[0] === '2' ? ['0'] : answer;
}

/** Of a party that does not come after all, or is gone. */
export function withdraw(state: MemoryState, id: string, k: string, entry: string): void {
  state.takeOut(id, k);
  if (entry.startsWith('a')) refuse(state, k, true);
  else state.changed(k);
}

function outcome(entry = ''): string[] {
  const what = entry.charAt(0);
  if (what === 'p') return ['1', entry.slice(2)];
  if (what === 'a') return ['2', entry.slice(2)];
  return [what === 'x' ? '-3' : '0'];
}
