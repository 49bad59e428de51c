import type { LoopAnswer } from '../pool/wire/loop-answers.js';
import { askLoops } from '../pool/workers/loop-questions.js';
import { isAlive } from '../primitives/threads/liveness.js';
import { clock } from '../primitives/threads/table.js';
import { isHidden } from './hidden.js';

/** The last two answers of a thread. */
export interface Answers {
  readonly last: LoopAnswer;
  readonly before: LoopAnswer | undefined;
  /** Since when it has had nothing to do, as far as answers tell, on the clock of all threads; null: it has. */
  readonly idleSince: number | null;
}

/**
 * ms after which an answer tells how a thread was, and no more how it is: who looks asks once a second, and whoever is not
 * asked, or computes, has not answered since.
 */
const RECENT = 3000;
/** A loop that is busy for a smaller share of the time has nothing to do. */
const IDLE = 0.05;

const answers = new Map<number, Answers>();
let heard = 0;
let asked = Number.NEGATIVE_INFINITY;

/** How many answers have come so far. */
export function answersHeard(): number {
  return heard;
}

/** ms since the event loops were asked last. */
export function askedAgo(): number {
  return clock() - asked;
}

/** Asks the event loops of all threads; what they answer is kept for `answersOf`. */
export function askAll(): void {
  asked = clock();
  for (const ident of answers.keys()) if (!isAlive(ident)) answers.delete(ident);
  askLoops((answer) => {
    heard++;
    answers.set(answer.ident, after(answers.get(answer.ident), answer));
  }, isHidden());
}

function after(known: Answers | undefined, last: LoopAnswer): Answers {
  if (known === undefined) return { last, before: undefined, idleSince: null };
  const before = known.last;
  if (utilizationOf({ last, before }) >= IDLE) return { last, before, idleSince: null };
  // Of a wait that blocked it in between the answers before tell nothing.
  const goesOn = last.blocked === before.blocked;
  return { last, before, idleSince: goesOn ? (known.idleSince ?? before.time) : before.time };
}

/** However old they are. */
export function answersOf(ident: number): Answers | undefined {
  return answers.get(ident);
}

/** undefined: nothing is known of how the thread is now. */
export function recentAnswersOf(ident: number): Answers | undefined {
  const found = answers.get(ident);
  return found !== undefined && isRecent(found) ? found : undefined;
}

/** The last answer of each thread that tells how it is now. */
export function recentAnswers(): LoopAnswer[] {
  return [...answers.values()].filter(isRecent).map(({ last }) => last);
}

function isRecent({ last }: Answers): boolean {
  return clock() - last.time <= RECENT;
}

/** Share of the time between the last two answers that the thread had something to do, without the time that it was blocked. */
export function utilizationOf({ last, before }: Pick<Answers, 'last' | 'before'>): number {
  const idle = last.idle - (before?.idle ?? 0);
  const active = last.active - (before?.active ?? 0);
  const blocked = last.blocked - (before?.blocked ?? 0);
  return share(active - blocked, active + idle);
}

/** From 0 to 1. */
export function share(part: number, of: number): number {
  return of <= 0 ? 0 : Math.min(1, Math.max(0, part / of));
}

/** The last answer of each thread, however old it is. */
export function allAnswers(): LoopAnswer[] {
  return [...answers.values()].map(({ last }) => last);
}
