import nodeTimers from 'node:timers';
import { answerLoopQuestions } from '../pool/workers/loop-questions.js';
import { clock } from '../primitives/threads/table.js';
import { ALL, EVENTS, SECTIONS } from '../primitives/threads/trace-flag.js';
import { watchAs } from '../primitives/threads/watching.js';
import { epoch } from './epoch.js';
import { isHidden } from './hidden.js';
import { checkInspect, type Detail } from './inspect-options.js';
import { hearOfPrimitives } from './known-primitives.js';
import { askAll } from './loop-answers.js';
import type { InspectOptions } from './types.js';

// Taken as the library loads, because tests that mock time replace them later.
const { clearInterval, clearTimeout, setInterval, setTimeout } = nodeTimers;

const LEVELS: Readonly<Record<Detail, number>> = { contention: EVENTS, all: EVENTS | ALL | SECTIONS };
/** ms between two questions to the event loops. */
const ASK_EVERY = 1000;
/** ms after the last moment that was asked for: a scraper that comes once a minute may miss a turn by half. */
const ASKED_WITHIN = 90_000;

let lookers = 0;
let lookersAtAll = 0;
let asking: NodeJS.Timeout | undefined;
let since: number | null = null;

/** Since when this thread has looked at all there is, in ms since the epoch; null: it does not. */
export function countedSince(): number | null {
  return since;
}

/**
 * Called by the thread that starts a monitor in a thread of its own: threads tell of more, and this one answers its
 * questions, until the returned function is called.
 *
 * @throws TypeError for bad options
 */
export function watchFor(options: InspectOptions): () => void {
  const { detail } = checkInspect(options);
  answerLoopQuestions();
  return watchAs(LEVELS[detail]);
}

/** Somebody of this thread looks, until the returned function is called: threads tell of more, and answer once a second. */
export function startLooking(detail: Detail): () => void {
  hearOfPrimitives();
  const stopWatching = isHidden() ? () => {} : watchAs(LEVELS[detail]);
  count(detail, 1);
  let over = false;
  return () => {
    if (over) return;
    over = true;
    stopWatching();
    count(detail, -1);
  };
}

/**
 * Somebody who asks for a moment now and then, such as a scraper, and would find nothing of what only event loops tell, nor
 * of what is counted while somebody looks: between two such moments it is looked at, as for who reads all the time.
 */
export class NowAndThen {
  readonly #detail: Detail;
  #stopLooking: (() => void) | undefined;
  #ending: NodeJS.Timeout | undefined;

  constructor(detail: Detail) {
    this.#detail = detail;
  }

  /** Called before each of the moments. */
  asks(): void {
    this.#stopLooking ??= startLooking(this.#detail);
    clearTimeout(this.#ending);
    this.#ending = setTimeout(() => this.end(), ASKED_WITHIN).unref();
  }

  /** It is not expected any more. */
  end(): void {
    clearTimeout(this.#ending);
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }
}

function count(detail: Detail, by: 1 | -1): void {
  lookers += by;
  if (detail === 'all') lookersAtAll += by;
  if (lookersAtAll === 0) since = null;
  else since ??= epoch(clock());
  if (lookers === 0) {
    clearInterval(asking);
    asking = undefined;
  } else if (asking === undefined) {
    askAll();
    asking = setInterval(askAll, ASK_EVERY).unref();
  }
}
