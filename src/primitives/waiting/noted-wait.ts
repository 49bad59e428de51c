import { WOKEN_BY } from '../memory/layout.js';
import { load, store } from '../memory/word.js';
import { waitedAt } from '../threads/contended-sites.js';
import { type Contended, contended, waited } from '../threads/contention.js';
import { getIdent } from '../threads/current-ident.js';
import { type ThreadEvent, writeEvent } from '../threads/events.js';
import { clock } from '../threads/table.js';
import { EVENTS, watches } from '../threads/trace-flag.js';
import type { Waited } from '../threads/wait-record.js';
import { tellHoldBegins, tellWaitBegins, tellWaitEnds } from './channels.js';

/*
 * Tells who looks from outside of a wait that could not end at once: what became of it is counted, always, because such a
 * wait costs some µs anyway; when it began and ended is written to the ring of events while somebody looks.
 */

/** How a wait ended: 'left' also by an error. */
export type WaitEnd = Extract<ThreadEvent['event'], 'woken' | 'timeout' | 'left'>;
type Face = 'blocking' | 'observable';

/**
 * @param wait - an Observable one
 * @returns where it is counted; -1: nowhere, as it is for no primitive
 */
export function waitBegins(on: Waited, face: Face, wait?: NotedWait): number {
  if (watches(EVENTS)) writeEvent('wait', getIdent(), on.id, on.owner ?? 0, face);
  tellWaitBegins(on, face, wait);
  return isContended(on) ? contended(on) : -1;
}

function isContended(on: Waited): on is Waited & Contended {
  return on.cells !== undefined && on.primitiveKind !== undefined;
}

/** A wait that could not end at once. */
export interface NotedWait {
  /** What `waitBegins` has returned. */
  readonly counted: number;
  /** ms on the clock of all threads. */
  readonly since: number;
  /** Where it began: a number of strings.ts; 0: not known. */
  readonly site: number;
}

/** @returns how long it was, in ms */
export function waitEnds(on: Waited, wait: NotedWait, how: WaitEnd, face: Face): number {
  const { counted, since, site } = wait;
  const ms = clock() - since;
  if (counted >= 0) {
    waited(counted, ms, how === 'timeout');
    if (site !== 0) waitedAt(counted, site, ms);
  }
  tellWaitEnds(face, wait, how);
  if (how === 'woken') tellHoldBegins(on, face);
  if (watches(EVENTS)) {
    const by = how === 'woken' && on.cells !== undefined ? load(on.cells, WOKEN_BY) : 0;
    writeEvent(how, getIdent(), on.id, by, face);
  }
  return ms;
}

/** Called before those are woken who wait for it. */
export function noteWakeUp(on: Contended, how: 'release' | 'notify' | 'set'): void {
  if (!watches(EVENTS)) return;
  const me = getIdent();
  store(on.cells, WOKEN_BY, me);
  writeEvent(how, me, on.id);
}
