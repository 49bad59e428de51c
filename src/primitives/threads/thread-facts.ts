import { load } from '../memory/word.js';
import { hasDied } from './liveness.js';
import { stringOf } from './strings.js';
import {
  DAEMON,
  DIED,
  DUMMY,
  HEADER_WORDS,
  HIGH_WATER,
  IDENT,
  LISTED,
  MAIN_IDENT,
  QUEUED,
  RUNNING,
  SLOT_WORDS,
  STOPPED,
  table,
} from './table.js';
import { readNotes } from './thread-notes.js';
import { flagsOf, nameOf, nativeIdOf, stateOf, workerOf } from './thread-slots.js';

/** What the table tells of a thread: one that lives, or has ended and whose slot is not another's yet. */
export interface ThreadFacts {
  readonly ident: number;
  readonly name: string;
  /** 'foreign': the code of a worker that no Thread runs. */
  readonly kind: 'main' | 'thread' | 'job' | 'foreign';
  /** Whether `enumerate` tells of it while it lives. */
  readonly listed: boolean;
  readonly daemon: boolean;
  readonly state: 'queued' | 'running' | 'stopped' | 'died';
  /** When `state` began, in ms on the clock of all threads; 0: not known. */
  readonly since: number;
  /** The kernel's id; null where the platform does not tell it, or not yet. */
  readonly nativeId: number | null;
  /** Node's number of the worker; -1: not known yet. */
  readonly worker: number;
  /** Name of the target; null: not known yet, or it has none. */
  readonly runs: string | null;
  /** `id` of the ThreadPool whose job it is. */
  readonly pool: number | null;
  /** `ident` of the thread that started it, or whose pool it is a job of. */
  readonly startedBy: number | null;
  /** In `sleepSync`: since when, and until when. */
  readonly sleeps: { readonly since: number; readonly until: number } | null;
  /** For how long it was blocked in waits, of those that are over, in ms. */
  readonly blockedTime: number;
}

const STATES = new Map([
  [QUEUED, 'queued'],
  [RUNNING, 'running'],
  [STOPPED, 'stopped'],
  [DIED, 'died'],
] as const);

export function threadFacts(): ThreadFacts[] {
  const found: ThreadFacts[] = [];
  const most = load(table, HIGH_WATER);
  for (let number = 0; number < most; number++) {
    const ident = load(table, HEADER_WORDS + number * SLOT_WORDS + IDENT);
    const facts = ident === 0 ? undefined : factsOfThread(ident);
    if (facts !== undefined) found.push(facts);
  }
  return found;
}

/** undefined: its slot is another's by now. */
export function factsOfThread(ident: number): ThreadFacts | undefined {
  // Looks for its worker, too.
  hasDied(ident);
  const state = STATES.get(stateOf(ident) as typeof QUEUED);
  if (state === undefined) return undefined;
  const flags = flagsOf(ident);
  const { target, pool, startedBy, sleepsSince, sleepsUntil, ...notes } = readNotes(ident);
  const facts: ThreadFacts = {
    ident,
    name: nameOf(ident),
    kind: ident === MAIN_IDENT ? 'main' : (flags & DUMMY) !== 0 ? 'foreign' : pool === 0 ? 'thread' : 'job',
    listed: (flags & (DUMMY | LISTED)) !== DUMMY,
    daemon: (flags & DAEMON) !== 0,
    state,
    nativeId: nativeIdOf(ident),
    worker: workerOf(ident),
    runs: stringOf(target),
    pool: pool || null,
    startedBy: startedBy || null,
    sleeps: sleepsSince === 0 ? null : { since: sleepsSince, until: sleepsUntil },
    ...notes,
  };
  // Asked last: while the slot is still its own, so was all of that.
  return STATES.get(stateOf(ident) as typeof QUEUED) === undefined ? undefined : facts;
}
