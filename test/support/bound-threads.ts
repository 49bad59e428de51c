// The operators over threads, bound to the laws: what is in the way is in their workers.
import { map, pipe } from 'rxjs';
import {
  activeCount,
  Event,
  runInThread,
  type ThreadMapOptions,
  type ThreadPool,
  threadMap,
  threadModule,
  threadPipe,
} from 'rxjs-threading';
import type { PassingThrough } from './operator-laws.js';
import type { Bound, Failing } from './watch.js';

const scripts = threadModule<typeof import('../fixtures/operators/scripted.js')>(
  new URL('../fixtures/operators/scripted.js', import.meta.url),
);

/** Its values wait in the workers for an Event that they bring along. */
function gated() {
  const gate = new Event();
  const bring = map((value: unknown) => ({ gate, value }));
  return { gate, bring, waits: () => gate.waiting > 0, unblock: () => gate.set() };
}

export function overMap(pool: ThreadPool, options: ThreadMapOptions = {}): PassingThrough {
  const { gate, bring, waits, unblock } = gated();
  return {
    open: threadMap(scripts.same, { pool, ...options }),
    shut: pipe(bring, threadMap(scripts.behind, { pool, ...options })),
    failing: threadMap(scripts.failAtTwo, { pool, ...options }),
    waits,
    unblock,
    free: () => pool.stats.busy + pool.stats.queued + gate.waiting === 0,
  };
}

export function overPipe(): PassingThrough {
  const { gate, bring, waits, unblock } = gated();
  return {
    open: threadPipe(scripts.pipeSame),
    shut: pipe(bring, threadPipe(scripts.pipeBehind)),
    failing: threadPipe(scripts.pipeFailing),
    errorWaits: true,
    waits,
    unblock,
    free: () => activeCount() === 1 && gate.waiting === 0,
  };
}

/** Its source is in the thread. */
export function overRun(): Failing {
  const { gate, waits, unblock } = gated();
  return {
    open: (source) => runInThread(scripts.play, [source]),
    shut: (source) => runInThread(scripts.playBehind, [gate, source]),
    failing: (source) => runInThread(scripts.playFailing, [source]),
    waits,
    unblock,
    free: () => activeCount() === 1 && gate.waiting === 0,
  };
}

/** A generator, which is pulled: what pushes endlessly can only be killed. */
export function overPulledRun(): Bound {
  return { ...overRun(), open: (source) => runInThread(scripts.pull, [source]) };
}
