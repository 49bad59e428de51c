import type { ThreadFacts } from '../primitives/threads/thread-facts.js';
import { epoch } from './epoch.js';
import { type Answers, answersOf } from './loop-answers.js';
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

/** Share of the time between the last two answers that the thread had something to do, without the time that it was blocked. */
export function utilizationOf({ last, before }: Answers): number {
  const idle = last.idle - (before?.idle ?? 0);
  const active = last.active - (before?.active ?? 0);
  const blocked = last.blocked - (before?.blocked ?? 0);
  return share(active - blocked, active + idle);
}

function cpuOf({ last, before }: Answers): number | null {
  if (last.cpu === null || before === undefined || before.cpu === null) return null;
  return share((last.cpu - before.cpu) / 1000, last.time - before.time);
}

function share(part: number, of: number): number {
  return of <= 0 ? 0 : Math.min(1, Math.max(0, part / of));
}
