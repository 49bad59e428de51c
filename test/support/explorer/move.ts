import type { LoopEvent } from './operation.js';

/** What can happen next, and to which thread: a number of its bits. */
export const STEP = 0;
/** The time of a parked one is up. */
export const TIMEOUT = 1;
/** A parked one wakes by itself to look again. */
export const LOOK = 2;
export const EVENT = 3;
/** An event that is but another look. */
export const LOOK_EVENT = 4;
export const KILL = 5;
/** A death can be seen from now on. */
export const NOTICE = 6;
export const CANCEL = 7;
/** Time passes. */
export const JUMP = 8;
/** A plain load shows from now on what the word is. */
export const SEE = 9;

export function encodeMove(what: number, thread: number, event = 0): number {
  return (event << 8) | (thread << 4) | what;
}

export function whatOf(move: number): number {
  return move & 15;
}

export function threadOf(move: number): number {
  return (move >> 4) & 15;
}

/** The event that a move runs, by its number. */
export function eventOf(move: number): number {
  return move >> 8;
}

/** Whether a thread's own code goes on by it. */
export function isOwn(move: number): boolean {
  return whatOf(move) <= LOOK_EVENT;
}

export function isKill(move: number): boolean {
  return whatOf(move) === KILL;
}

export function isLook(move: number): boolean {
  return whatOf(move) === LOOK || whatOf(move) === LOOK_EVENT;
}

/** Whether an event is one that comes again and again, in case something was missed. */
export function looksAgain(event: LoopEvent): boolean {
  return event.runs === 'recheck' || (event.runs === 'timer' && event.looks);
}
