import { EventLoop } from './event-loop.js';
import { fingerprint } from './fingerprint.js';
import { type LoopEvent, NAP, type Operation } from './operation.js';
import type { Me, Scenario } from './scenario.js';
import { FIRST_IDENT, type Port, simulatedModules, wrappers } from './simulated-modules.js';
import { instantiate, type Primitives, type Wrappers } from './sources.js';
import { viewsOf } from './views.js';

/**
 * How far a thread has come: the code between two operations is deterministic, so that is known by what its operations
 * came to, from the start. Where all that the thread remembers can be seen, positions that differ in nothing else are
 * one: in a blocking wait as it falls asleep, in a region, and while its event loop is idle.
 */
export interface Position {
  readonly id: number;
  readonly before: Position | null;
  /** What the last operation came to, or which event ran. */
  readonly input: number;
  readonly depth: number;
  /** The next operation; null while its loop is idle, or it has ended. */
  readonly operation: Operation | null;
  readonly events: readonly LoopEvent[];
  readonly notes: readonly string[];
  /** Waits that have begun and not ended. */
  readonly waiting: number;
  readonly failure: string | null;
  readonly after: Map<number, Position>;
}

/** Thrown out of the code under test when it comes to an operation that was not done before. */
const STOP = new Error('stopped by the explorer');
/** A copy of the modules serves so many replays: some keep a set of what waits, and stopped waits never end. */
const REPLAYS_PER_COPY = 500;
/** So long a history is taken for an endless loop. */
const LONGEST = 400;

/** One thread of a scenario. Its positions form a tree, of which each is computed once by running it from the start. */
export class SimulatedThread<S> implements Port {
  readonly thread: number;
  readonly allocator = null;
  readonly start: Position;
  loop = new EventLoop();
  readonly #scenario: Scenario<S>;
  readonly #shared: S;
  readonly #regions: readonly string[];
  #primitives: Primitives | undefined;
  #replays = 0;
  #positions = 0;
  readonly #known = new Map<string, Position>();

  // Of the replay that runs.
  #inputs: readonly number[] = [];
  #used = 0;
  #stoppedAt: Operation | null = null;
  #failure: string | null = null;
  #notes: string[] = [];
  #waiting = 0;
  /** What the blocking wait is at, if there is one; and those before, with what they came to. */
  #attempt: unknown;
  #ended: unknown[] = [];
  #views: unknown;
  /** Waits that ended and seats that were taken or left: where a program is. */
  #progress = 0;

  constructor(scenario: Scenario<S>, shared: S, thread: number) {
    this.thread = thread;
    this.#scenario = scenario;
    this.#shared = shared;
    this.#regions = Object.keys(scenario.regions ?? {});
    this.start = this.#replay(null, 0);
  }

  /** Where it comes to when its next operation comes to `input`, or when that event runs. */
  advance(from: Position, input: number): Position {
    let to = from.after.get(input);
    if (to === undefined) {
      to = this.#replay(from, input);
      const key = this.#key(to);
      if (key !== undefined) {
        to = this.#known.get(key) ?? to;
        this.#known.set(key, to);
      }
      from.after.set(input, to);
    }
    return to;
  }

  perform(operation: Operation): number {
    if (this.#stoppedAt === null && this.#used < this.#inputs.length)
      return this.#inputs[this.#used++] as number;
    this.#stoppedAt ??= operation;
    throw STOP;
  }

  /** All that is still of account after the last replay; undefined when that cannot be seen. */
  #key({ operation, events, notes, waiting, failure }: Position): string | undefined {
    const { apart } = this.#scenario;
    if (failure !== null || apart === 'always') return undefined;
    const idle = operation === null;
    const sleeps = operation?.does === 'park' && operation.ms !== NAP && this.#attempt !== undefined;
    const inRegion = operation?.does === 'exit';
    if (!idle && (this.loop.used || !(sleeps || inRegion))) return undefined;
    if (idle && apart === 'idle') return undefined;
    const attempt = sleeps ? this.#attempt : undefined;
    const remembered = [this.#views, attempt, this.#ended, this.loop.contents(), this.#progress];
    return fingerprint([operation, events, notes, waiting, remembered]);
  }

  #replay(before: Position | null, input: number): Position {
    const depth = before === null ? 0 : before.depth + 1;
    const inputs: number[] = new Array(depth);
    for (let at = before, left = depth - 1, last = input; at !== null; last = at.input, at = at.before) {
      inputs[left--] = last;
    }
    this.#inputs = inputs;
    this.#used = 0;
    this.#stoppedAt = null;
    this.#failure = null;
    this.#notes = [];
    this.#waiting = 0;
    this.#progress = 0;
    this.#attempt = undefined;
    this.#ended = [];
    this.loop = new EventLoop();
    try {
      this.#run();
    } catch (error) {
      if (this.#stoppedAt === null) this.#failure ??= `${error}`;
    }
    if (depth > LONGEST) this.#failure = 'runs without end';
    return {
      id: this.#positions++,
      before,
      input,
      depth,
      operation: this.#stoppedAt,
      events: this.#stoppedAt === null ? this.loop.events() : [],
      notes: this.#notes,
      waiting: this.#waiting,
      failure: this.#failure,
      after: new Map(),
    };
  }

  #run(): void {
    if (this.#primitives === undefined || ++this.#replays % REPLAYS_PER_COPY === 0) {
      this.#primitives = instantiate(this.#scenario.sources, simulatedModules(this), this.#wrappers());
    }
    const me = this.#me();
    const shared = viewsOf(this.#primitives, this.#shared, () => this.#scenario.action?.(me));
    this.#views = shared;
    this.#scenario.threads[this.thread]?.(shared, me, this.#primitives);
    this.loop.drain();
    while (this.#used < this.#inputs.length) {
      this.loop.run(this.#inputs[this.#used++] as number);
      this.loop.drain();
    }
  }

  #wrappers(): Wrappers {
    const begins = (attempt: unknown): void => {
      this.#attempt = attempt;
    };
    const ends = (outcome: unknown): void => {
      if (this.#stoppedAt !== null) return;
      this.#ended.push([this.#attempt, `${outcome}`]);
      this.#attempt = undefined;
    };
    return wrappers(begins, ends);
  }

  #me(): Me {
    const seat = (does: 'enter' | 'exit', name: string): number => {
      const others = this.perform({ does, region: this.#regions.indexOf(name) });
      this.#progress++;
      return others;
    };
    const fail = (message: string): never => {
      this.#failure ??= message;
      throw new Error(message);
    };
    return {
      ident: this.thread + FIRST_IDENT,
      enter: (region) => {
        const others = seat('enter', region);
        if (others >= (this.#scenario.regions?.[region] ?? 0)) fail(`${others + 1} at a time in ${region}`);
      },
      exit: (region) => void seat('exit', region),
      note: (text) => {
        if (this.#stoppedAt === null) this.#notes.push(text);
      },
      fail,
      whenever: (label, run) => this.loop.whenever(label, run),
      later: (run) => this.loop.nextTurn(run),
      waits: (by) => {
        if (this.#stoppedAt !== null) return;
        this.#waiting += by;
        if (by === -1) this.#progress++;
      },
      passOnStop: () => {
        if (this.#stoppedAt !== null) throw STOP;
      },
    };
  }
}
