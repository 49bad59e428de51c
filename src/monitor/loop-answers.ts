import type { LoopAnswer } from '../pool/wire/loop-answers.js';
import { askLoops } from '../pool/workers/loop-questions.js';
import { isAlive } from '../primitives/threads/liveness.js';
import { isHidden } from './hidden.js';

/** The last two answers of a thread. */
export interface Answers {
  readonly last: LoopAnswer;
  readonly before: LoopAnswer | undefined;
}

const answers = new Map<number, Answers>();

/** Asks the event loops of all threads; what they answer is kept for `answersOf`. */
export function askAll(): void {
  for (const ident of answers.keys()) if (!isAlive(ident)) answers.delete(ident);
  askLoops((answer) => {
    answers.set(answer.ident, { last: answer, before: answers.get(answer.ident)?.last });
  }, isHidden());
}

export function answersOf(ident: number): Answers | undefined {
  return answers.get(ident);
}

/** The last answer of each thread. */
export function allAnswers(): LoopAnswer[] {
  return [...answers.values()].map(({ last }) => last);
}
