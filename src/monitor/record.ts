import nodeTimers from 'node:timers';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { checkCount, checkOptions } from '../primitives/options.js';
import { eventsEnd } from '../primitives/threads/events.js';
import { clock } from '../primitives/threads/table.js';
import { epoch } from './epoch.js';
import { eventsSince } from './events.js';
import { inspect } from './inspect.js';
import { startLooking } from './looking.js';
import type { MonitorEvent } from './protocol.js';
import { type Recorded, traceOf } from './record-trace.js';
import type { ThreadActivity } from './types.js';

// Taken as the library loads, because tests that mock time replace them later.
const { clearInterval, clearTimeout, setInterval, setTimeout } = nodeTimers;

/** How a recording is made. */
export interface RecordOptions {
  /** The most events that it keeps: later ones are left out, and it says so. Default 1,000,000, some 100 MB. */
  readonly most?: number | undefined;
}

/** A trace that is being recorded. */
export interface Recording {
  /** Chrome's trace event format, gzipped. Ends the recording; what it gives stays the same. */
  stop(): Promise<Uint8Array>;
}

const MOST = 1_000_000;
/** ms between two readings of the ring of events, which has room for 65,536. */
const READ_EVERY = 200;

/**
 * A trace from now on that Perfetto and chrome://tracing open: a track a thread, with what it ran and waited for, arrows from
 * whoever released to whoever was woken, and how many jobs each pool had. Does not keep the process alive. Python has no such
 * thing.
 *
 * @throws TypeError, RangeError showing the value
 * @example
 * import { gunzipSync } from 'node:zlib';
 * const recording = record();
 * const lock = new Lock({ name: 'ledger' });
 * await lock.acquire();
 * const target = (lock: Lock) => lock.acquireSync({ timeout: 50 });
 * await new Thread({ target, args: [lock] }).start().join();
 * const trace = JSON.parse(gunzipSync(await recording.stop()).toString());
 * console.log(trace.traceEvents.filter(({ cat }: { cat: string }) => cat === 'wait').length); // prints 1
 */
export function record(options: RecordOptions = {}): Recording {
  checkOptions(options, ['most']);
  const most = checkCount('most', options.most ?? MOST, 1, Number.MAX_SAFE_INTEGER);
  const recorder = new Recorder(most);
  let stopped: Promise<Uint8Array> | undefined;
  return {
    stop() {
      stopped ??= compressed(recorder.stop());
      return stopped;
    },
  };
}

/** The same of what a monitor serves, whose thread has memory of its own. */
const MOST_SERVED = 250_000;

/** Records until so many ms have passed or the signal aborts. */
export async function recordFor(ms: number, signal: AbortSignal): Promise<Uint8Array> {
  const recording = record({ most: MOST_SERVED });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return recording.stop();
}

async function compressed(recorded: Recorded): Promise<Uint8Array> {
  return promisify(gzip)(JSON.stringify(traceOf(recorded)));
}

/** What a thread does that has not begun, or has ended. */
const RUNS_NOT: ReadonlySet<ThreadActivity> = new Set(['queued', 'stopped', 'dead']);

/** Gathers what a trace is made of: events from the ring, and names, which events have not. */
class Recorder {
  readonly #most: number;
  readonly #stopLooking = startLooking('contention');
  readonly #timer = setInterval(() => this.#read(), READ_EVERY).unref();
  #cursor: number;
  #events: MonitorEvent[] = [];
  #lost = 0;
  readonly #threads: Recorded['threads'] = new Map();
  readonly #primitives: Recorded['primitives'] = new Map();
  readonly #pools: Recorded['pools'][number][] = [];
  readonly #findings: Recorded['findings'] = new Map();
  readonly #from: number;

  constructor(most: number) {
    this.#most = most;
    this.#from = epoch(clock());
    this.#cursor = eventsEnd();
    this.#look();
  }

  stop(): Recorded {
    clearInterval(this.#timer);
    this.#stopLooking();
    const to = this.#read();
    const { pid, name } = inspect().process;
    return {
      pid,
      name,
      from: this.#from,
      to,
      events: this.#events,
      lost: this.#lost,
      threads: this.#threads,
      primitives: this.#primitives,
      pools: this.#pools,
      findings: this.#findings,
    };
  }

  /** @returns now, in ms since the epoch */
  #read(): number {
    const { events, cursor, lost } = eventsSince(this.#cursor);
    this.#cursor = cursor;
    const taken = events.slice(0, Math.max(0, this.#most - this.#events.length));
    for (const event of taken) this.#events.push(event);
    this.#lost += lost + events.length - taken.length;
    return this.#look();
  }

  #look(): number {
    const { time, threads, primitives, pools, findings } = inspect();
    for (const { ident, name, runs, activity } of threads) {
      const before = this.#threads.get(ident);
      if (before === undefined) this.#threads.set(ident, { name, runs, begun: !RUNS_NOT.has(activity) });
      // Known as it begins: it may have been queued before.
      else if (before.runs === null && runs !== null) this.#threads.set(ident, { ...before, runs });
    }
    for (const { id, name } of primitives) this.#primitives.set(id, name);
    for (const { id, name, busy, queued } of pools) this.#pools.push({ time, id, name, busy, queued });
    for (const { id, since, message } of findings)
      if (!this.#findings.has(id)) this.#findings.set(id, { since, message });
    return time;
  }
}
