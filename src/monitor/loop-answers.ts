import type { LoopAnswer } from '../pool/wire/loop-answers.js';
import { askLoops } from '../pool/workers/loop-questions.js';
import { isAlive } from '../primitives/threads/liveness.js';
import { clock } from '../primitives/threads/table.js';
import { isHidden } from './hidden.js';

/** The last two answers of a thread. */
export interface Answers {
  readonly last: LoopAnswer;
  readonly before: LoopAnswer | undefined;
}

/**
 * ms after which an answer tells how a thread was, and no more how it is: who looks asks once a second, and whoever is not
 * asked, or computes, has not answered since.
 */
const RECENT = 3000;

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
    answers.set(answer.ident, { last: answer, before: answers.get(answer.ident)?.last });
  }, isHidden());
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

/** The last answer of each thread, however old it is. */
export function allAnswers(): LoopAnswer[] {
  return [...answers.values()].map(({ last }) => last);
}
