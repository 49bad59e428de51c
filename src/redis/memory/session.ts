import { withdraw } from './barrier.js';
import { lockOf, notify } from './condition.js';
import { forgetClear } from './event.js';
import { granted, grantNext, inGrace, release } from './held.js';
import { type MemoryState, type Session, split } from './state.js';

/** Sessions that one sweep ends. */
const SWEPT_AT_ONCE = 8;

/** @param joins - whether a session that there is not begins */
export function join(state: MemoryState, joins: boolean, args: readonly string[]): string[] {
  const [s = '', lease, run = '', was = '', settle, grace, info = '', ...holds] = args;
  meetIncarnation(state, run, was, Number(settle), Number(grace));
  noteLease(state, Number(lease));
  sweep(state);
  const owed = inGrace(state);
  if (!state.alive(s)) {
    expire(state, s, true);
    if (!joins && !owed) return ['0'];
  }
  let session = state.sessions.get(s);
  if (session === undefined) {
    session = { ends: 0, joined: state.now, info, owned: new Map() };
    state.sessions.set(s, session);
  }
  session.ends = state.now + Number(lease);
  if (info !== '') session.info = info;
  const lost: string[] = [];
  const back: string[] = [];
  for (let i = 0; i < holds.length; i += 4) {
    const [k = '', n = '', token = '', permits = ''] = holds.slice(i, i + 4);
    const holders = state.thing(k).holders;
    let found = holders.get(`${s}/${n}`);
    if (found === undefined && owed && k.startsWith('l:')) putOut(state, k, token);
    if (found === undefined && owed && holders.size < Number(permits)) {
      bringBack(state, s, k, n, token, permits);
      found = token;
    }
    if (found === token) back.push(n, k);
    else lost.push(n);
  }
  if (info !== '') state.changed('m:');
  return [
    '1',
    nextLook(state, s),
    `${session.owned.size}`,
    `${state.longest}`,
    `${lost.length}`,
    ...lost,
    ...back,
  ];
}

function meetIncarnation(state: MemoryState, run: string, was: string, settle: number, told: number): void {
  const grace = told > 0 ? Math.max(told, state.longest) : 0;
  const owned = was !== '' && was !== run;
  if (state.run !== run) {
    const graced = state.run !== '' || owned ? grace : settle;
    if (graced > 0 && grace > 0) state.grace = state.now + graced;
    state.run = run;
    state.longest = Math.max(state.longest, grace);
    state.longestTill = state.now + state.longest;
  } else if (owned && state.now < state.grace) state.grace = Math.max(state.grace, state.now + grace);
}

function noteLease(state: MemoryState, lease: number): void {
  if (lease < state.longest && state.now < state.longestTill) return;
  state.longest = lease;
  state.longestTill = state.now + lease;
}

/** An engine that has not heard of the last hand-over keeps an owner of before: the later token is the owner's. */
function putOut(state: MemoryState, k: string, token: string): void {
  const { holders } = state.thing(k);
  for (const [id, older] of holders) {
    if (Number(older) >= Number(token)) continue;
    holders.delete(id);
    const [s, n] = split(id);
    state.drop(s, k, n);
  }
}

/** Nor of what its owner waited for until then, under the same number: it waits no more. */
function waitNoMore(state: MemoryState, s: string, k: string, n: string): void {
  state.takeOut(`${s}/${n}`, k);
  const condition = `c:${k.slice(2)}`;
  if (!k.startsWith('l:') || state.entry(s, condition, n)?.startsWith('w') !== true) return;
  state.takeOut(`${s}/${n}`, condition);
  state.drop(s, condition, n);
  state.changed(condition);
}

function bringBack(
  state: MemoryState,
  s: string,
  k: string,
  n: string,
  token: string,
  permits: string,
): void {
  const thing = state.thing(k);
  waitNoMore(state, s, k, n);
  thing.holders.set(`${s}/${n}`, token);
  if (k.startsWith('s:')) thing.declared ??= permits;
  state.keep(s, k, n, `h ${token} `);
  state.lastToken = Math.max(state.lastToken, Number(token));
  if (thing.died.split(' ')[0] === token) thing.died = '';
  state.changed(k);
}

/** The end of a wait by its own session. @param good - false: its time is up, and what came just in time is kept */
export function leave(state: MemoryState, s: string, n: string, k: string, good: boolean): string[] {
  const notified = k.startsWith('c:') && state.entry(s, k, n) === undefined;
  const from = notified ? lockOf(k) : k;
  const entry = state.entry(s, from, n);
  if (entry === undefined) return ['0'];
  const what = entry.charAt(0);
  if (!good) {
    if (what === 'h') return granted(state, entry);
    if (what === 'n') return ['2'];
    if (what === 'e') return ['1', entry.slice(2)];
  }
  if (what === 'd') state.drop(s, k, n);
  else if (what === 'h') release(state, s, n, from);
  else {
    state.drop(s, from, n);
    withdraw(state, `${s}/${n}`, from, entry);
  }
  if (notified) notify(state, k, 1);
  return ['0'];
}

/** A session is over: what it held and waited for is given on. @param died - owners that come next to its locks are told */
export function expire(state: MemoryState, s: string, died: boolean): void {
  const session = state.sessions.get(s);
  if (session === undefined) return;
  state.sessions.delete(s);
  for (const [entry, value] of session.owned) {
    const [k, n] = [entry.slice(0, entry.lastIndexOf(' ')), entry.slice(entry.lastIndexOf(' ') + 1)];
    if (n === '*') state.unwatch(s, k);
    else if (value.startsWith('h')) {
      const thing = state.thing(k);
      thing.holders.delete(`${s}/${n}`);
      if (died && k.startsWith('l:')) thing.died = `${value.split(' ')[1]} ${session.info}`;
      grantNext(state, k);
      state.changed(k);
    } else {
      withdraw(state, `${s}/${n}`, k, value);
      if (value.startsWith('n')) notify(state, `c:${k.slice(2)}`, 1);
    }
  }
  state.changed('m:');
}

/** Ends the sessions whose lease is over, and the grace. */
export function sweep(state: MemoryState): void {
  const over = byEnd(state).filter(([, { ends }]) => ends <= state.now);
  for (const [s] of over.slice(0, SWEPT_AT_ONCE)) expire(state, s, true);
  inGrace(state);
  forgetClear(state);
}

/** ms until another session than `me` may be over, or the grace is; -1: nothing in sight. */
export function nextLook(state: MemoryState, me: string): string {
  const ends = [...state.sessions].filter(([s]) => s !== me).map(([, session]) => session.ends);
  if (state.grace !== 0) ends.push(state.grace);
  return ends.length === 0 ? '-1' : `${Math.max(0, Math.min(...ends) - state.now)}`;
}

export function watch(state: MemoryState, s: string, k: string): string[] {
  if (!state.alive(s)) return ['-1'];
  state.keep(s, k, '*', '');
  state.unwatch(s, k);
  state.thing(k).watchers.push(s);
  return [`${state.micros}`, ...(k === 'm:' ? members(state) : state.lines(k))];
}

export function members(state: MemoryState): string[] {
  return living(state).flatMap(([s, { ends, joined, info }]) => [s, `${ends}`, `${joined}`, info]);
}

export function snapshot(state: MemoryState): string[] {
  const owned = living(state).flatMap(([s, session]) => [...session.owned].flatMap((entry) => [s, ...entry]));
  return [`${state.now}`, `${living(state).length}`, ...members(state), ...owned];
}

function living(state: MemoryState): [string, Session][] {
  return byEnd(state).filter(([s]) => state.alive(s));
}

function byEnd(state: MemoryState): [string, Session][] {
  return [...state.sessions].sort(([a, first], [b, second]) => first.ends - second.ends || (a < b ? -1 : 1));
}
