import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { clock } from '../../primitives/threads/table.js';
import { factsOfThread } from '../../primitives/threads/thread-facts.js';
import { threadWide } from '../../primitives/threads/thread-wide.js';
import { startedWorkers } from '../../primitives/threads/worker-watch.js';
import { after } from '../../primitives/waiting/event-loop.js';
import { mayBeAborted } from '../../primitives/waiting/on-abort.js';
import { Topic } from './bus.js';

/** What only a thread's own event loop can tell of it: asked once a second at most, and only while a monitor looks. */
export interface LoopAnswer {
  readonly ident: number;
  /** When it answered, in ms on the clock of all threads. */
  readonly time: number;
  /** µs that the thread has computed so far; null where Node does not tell. */
  readonly cpu: number | null;
  /** Bytes. */
  readonly heapUsed: number;
  readonly heapLimit: number;
  /** ms that its event loop has had nothing to do, and something, so far. */
  readonly idle: number;
  readonly active: number;
  /** p99 of how late its loop was, in ms, over 10 s. */
  readonly delay: number;
  /** ms that it was blocked in waits, so far. */
  readonly blocked: number;
  /**
   * Whether something may run in it, besides the ends of waits: a timer, a socket, a worker that is no thread, a listener to a
   * signal. Of a timer whose `unref` was called Node does not tell.
   */
  readonly pending: boolean;
  /** What the rooms above tell, by their names. */
  readonly parts: Readonly<Record<string, readonly unknown[]>>;
}

/** Asks every thread for a LoopAnswer. */
export const loopQuestions: Topic<null> = new Topic('loop asked');
export const loopAnswers: Topic<LoopAnswer> = new Topic('loop');

type Tell = () => readonly unknown[];
/** By part, those of all copies of this library in a thread, because whichever of them answers tells of all. */
const tellers: Map<string, Set<Tell>> = threadWide('loop answers', new Map());

/** From now on the answers of this thread have a part of that name, with what `tell` gives in it. */
export function tellWhenAsked(part: string, tell: Tell): void {
  const known = tellers.get(part) ?? new Set();
  tellers.set(part, known.add(tell));
}

function parts(): Record<string, readonly unknown[]> {
  return Object.fromEntries(
    [...tellers].map(([part, tells]) => [part, [...tells].flatMap((tell) => tell())]),
  );
}

/**
 * @param ident - of the thread that runs here
 * @param sessions - how many of the workers that it has started run threads
 */
export function answerOf(ident: number, sessions: number): LoopAnswer {
  const { used_heap_size, heap_size_limit } = process.getBuiltinModule('node:v8').getHeapStatistics();
  const { idle, active } = performance.eventLoopUtilization();
  return {
    ident,
    time: clock(),
    cpu: cpuTime(),
    heapUsed: used_heap_size,
    heapLimit: heap_size_limit,
    idle,
    active,
    delay: loopDelay(),
    blocked: factsOfThread(ident)?.blockedTime ?? 0,
    pending: startedWorkers() > sessions || mayBeAborted() || listensToOutside() || hasForeignResources(),
    parts: parts(),
  };
}

/** What Node names that is the library's own, or ends no wait: the timer that looks after waits, ports, stdout and stderr. */
const OWN: Readonly<Record<string, number>> = {
  MessagePort: Number.POSITIVE_INFINITY,
  Timeout: 1,
  PipeWrap: 2,
  TTYWrap: 2,
};

/** What Node does not tell apart, or not of: input, what the parent process sends, and the signals of the system. */
function listensToOutside(): boolean {
  if (process.connected && process.listenerCount('message') > 0) return true;
  // Node itself listens to a terminal's size.
  if (process.eventNames().some((name) => /^SIG(?!WINCH)/.test(String(name)))) return true;
  return activeHandles().some(({ fd, readableFlowing }) => fd === 0 && readableFlowing === true);
}

/** Not by way of `process.stdin`, whose getter would open it. */
function activeHandles(): readonly { readonly fd?: unknown; readonly readableFlowing?: unknown }[] {
  const { _getActiveHandles: handles } = process as { readonly _getActiveHandles?: () => object[] };
  return handles?.call(process) ?? [];
}

function hasForeignResources(): boolean {
  const counts = new Map<string, number>();
  return process.getActiveResourcesInfo().some((resource) => {
    const count = (counts.get(resource) ?? 0) + 1;
    counts.set(resource, count);
    return count > (OWN[resource] ?? 0);
  });
}

interface CpuUsage {
  readonly user: number;
  readonly system: number;
}

/** Newer Nodes tell it. */
const { threadCpuUsage } = process as { readonly threadCpuUsage?: () => CpuUsage };

function cpuTime(): number | null {
  const usage = threadCpuUsage?.call(process);
  return usage === undefined ? null : usage.user + usage.system;
}

/** ms between two looks at how late the loop is. */
const RESOLUTION = 20;
/** ms after which the delays that were seen are forgotten. */
const FORGET_AFTER = 10_000;
/** ms after the last question, until it is not measured any more. */
const UNASKED = 5000;

let delays: IntervalHistogram | undefined;
let measuredSince = 0;
let cancelEnd: (() => void) | undefined;

function loopDelay(): number {
  cancelEnd?.();
  cancelEnd = after(UNASKED, () => {
    delays?.disable();
    delays = undefined;
  });
  if (delays === undefined) {
    delays = monitorEventLoopDelay({ resolution: RESOLUTION });
    delays.enable();
    measuredSince = clock();
    return 0;
  }
  const delay = Math.max(0, delays.percentile(99) / 1e6 - RESOLUTION);
  if (clock() - measuredSince >= FORGET_AFTER) {
    delays.reset();
    measuredSince = clock();
  }
  return delay;
}
