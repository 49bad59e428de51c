import type { ThreadFacts } from '../primitives/threads/thread-facts.js';
import { epoch } from './epoch.js';
import { type Answers, answersOf, share, utilizationOf } from './loop-answers.js';
import type { LoopInfo } from './types.js';

/** null: the thread has not answered yet. */
export function loopInfo({ ident }: ThreadFacts): LoopInfo | null {
  const answers = answersOf(ident);
  if (answers === undefined) return null;
  const { time, heapUsed, heapLimit, delay } = answers.last;
  return {
    heard: epoch(time),
    cpu: cpuOf(answers),
    heapUsed,
    heapLimit,
    utilization: utilizationOf(answers),
    delay,
  };
}

function cpuOf({ last, before }: Answers): number | null {
  if (last.cpu === null || before === undefined || before.cpu === null) return null;
  return share((last.cpu - before.cpu) / 1000, last.time - before.time);
}
