import { getIdent } from '../../primitives/threads/current-ident.js';
import { answerOf, type LoopAnswer, loopAnswers, loopQuestions } from '../wire/loop-answers.js';

/** A worker of this thread, as far as it can be asked. */
interface Asked {
  /** Passes a question on; the worker's answer goes to `heardFromWorker`. */
  ask(): void;
}

const workers = new Set<Asked>();

/** Called as a session opens and as its worker exits. */
export function mayAsk(session: Asked, opens: boolean): void {
  if (opens) workers.add(session);
  else workers.delete(session);
}

let hearHere: ((answer: LoopAnswer) => void) | undefined;
let answers = false;

/** From now on this thread answers for itself and its workers when a monitor in another thread asks. */
export function answerLoopQuestions(): void {
  if (answers) return;
  answers = true;
  loopQuestions.listen(() => askHere((answer) => loopAnswers.publish(answer)));
}

/**
 * Asks all threads. Those whose event loop is blocked, or whose starter's is, do not answer.
 *
 * @param heard - called with each answer, to this question and to those of others
 * @param others - this thread does not answer: it is a monitor's own and has no ident
 */
export function askLoops(heard: (answer: LoopAnswer) => void, others: boolean): void {
  if (hearHere === undefined) loopAnswers.listen((answer) => hearHere?.(answer));
  hearHere = heard;
  loopQuestions.publish(null);
  if (!others) askHere(heard);
}

function askHere(tell: (answer: LoopAnswer) => void): void {
  tell(answerHere(getIdent()));
  for (const worker of workers) worker.ask();
}

/** The answer of the thread that runs here. */
export function answerHere(ident: number): LoopAnswer {
  return answerOf(ident, workers.size);
}

/** Called with what a worker of this thread has answered. */
export function heardFromWorker(answer: LoopAnswer): void {
  hearHere?.(answer);
  if (answers) loopAnswers.publish(answer);
}
