import { callsUnderWay } from './calls.js';
import { Copy } from './copies.js';
import { EventLoop } from './event-loop.js';
import { fingerprint } from './fingerprint.js';
import { Membrane, Stories } from './membrane.js';
import { type MemoryMap, SimulatedCells } from './memory-map.js';
import type { Operation } from './operation.js';
import type { Port, SimulatedProcess } from './port.js';
import type { Alone, Graph, Position } from './position.js';
import type { Me, Scenario } from './scenario.js';
import { atOnce, type SetUp } from './set-up.js';
import { FIRST_IDENT } from './simulated-modules.js';
import { viewsOf } from './views.js';

/** Thrown out of the code under test when it comes to an operation that was not done before. */
const STOP = new Error('stopped by the explorer');
/** So long a history is taken for an endless loop. */
const LONGEST = 600;

/**
 * What threads of one program may come to. The positions form a graph, of which each is computed once, by running the
 * program from the start.
 *
 * Two histories are one position when all is the same that the program and the primitives remember: what the program was
 * told, in order (see `membrane.ts`), and the primitives' objects, closures, modules and calls under way (see
 * `memory.ts`). Where something of that is hidden, a history stays a position of its own.
 */
export class SimulatedThread<S> implements Graph, Port {
  readonly thread: number;
  allocator: MemoryMap | null;
  readonly process: SimulatedProcess | undefined;
  readonly start: Position;
  loop = new EventLoop();
  readonly positions: Position[] = [];
  readonly #scenario: Scenario<S>;
  readonly #shared: S;
  readonly #regions: readonly string[];
  #copy: Copy;
  readonly #stories = new Stories();
  readonly #known = new Map<string, Position>();

  /** Only while the modules are loaded: what they find in the memory. */
  #setUp: SetUp | undefined;

  // Of the replay that runs.
  #inputs: number[] = [];
  #used = 0;
  #alone: Alone | undefined;
  /** Where it has come to; null before the first operation. */
  #at: Position | null = null;
  #came: Position | undefined;
  #stopped = false;
  #failure: string | null = null;
  #notes: string[] = [];
  #waiting = 0;
  #membrane = new Membrane(this.#stories, () => false);
  #views: unknown;

  constructor(
    scenario: Scenario<S>,
    shared: S,
    thread: number,
    setUp: SetUp,
    process: SimulatedProcess | undefined,
  ) {
    this.thread = thread;
    this.#scenario = scenario;
    this.#shared = shared;
    this.#regions = Object.keys(scenario.regions ?? {});
    this.process = process;
    this.#setUp = setUp;
    this.allocator = setUp.map;
    this.#copy = Copy.for(this, scenario.sources);
    this.#setUp = undefined;
    this.allocator = null;
    this.start = this.#replay(null, 0);
  }

  advance(from: Position, input: number, alone?: Alone): Position {
    return from.after.get(input) ?? this.#replay(from, input, alone);
  }

  open(): void {
    if (this.process === undefined) this.#copy = Copy.for(this, this.#scenario.sources);
  }

  close(): void {
    if (this.process === undefined) this.#copy.giveBack();
  }

  perform(operation: Operation): number {
    if (this.#setUp !== undefined) return atOnce(operation, this.#setUp.words);
    if (this.#stopped) throw STOP;
    if (this.#used < this.#inputs.length) return this.#inputs[this.#used++] as number;
    const guessed = this.#comesTo(operation) ? this.#alone?.guess(operation) : undefined;
    if (guessed === undefined) {
      this.#stopped = true;
      throw STOP;
    }
    this.#inputs.push(guessed);
    this.#used++;
    return guessed;
  }

  /** One primitive a thread, in the words of that name. */
  reserved(words: number): SimulatedCells | undefined {
    const { reserve } = this.#shared as { reserve?: SimulatedCells };
    return reserve === undefined ? undefined : new SimulatedCells(reserve.base, words);
  }

  known(): number | undefined {
    return this.#used < this.#inputs.length && !this.#stopped ? this.#inputs[this.#used++] : undefined;
  }

  /** All that is still of account, as text; undefined when some of it is hidden. */
  #remembers(operation: Operation | null): string | undefined {
    if (this.#failure !== null || this.#scenario.apart === true) return undefined;
    const calls = callsUnderWay(this.#copy.memory.frames, this.#scenario.sources);
    if (calls === undefined) return undefined;
    const { told, handedOver } = this.#membrane;
    const objects = [calls, this.#views, this.loop.contents(), this.#copy.memory.modules()];
    try {
      return fingerprint([told.id, operation, this.#waiting, this.loop.events(), objects], handedOver);
    } catch (error) {
      this.#failure ??= `${error}`;
      return undefined;
    }
  }

  /**
   * Runs the program through a history, and on from there as long as it can be guessed what its operations will come to:
   * as the thread going on alone is one of the schedules, those positions will be asked for.
   */
  #replay(before: Position | null, input: number, alone?: Alone): Position {
    const depth = before === null ? 0 : before.depth + 1;
    const inputs: number[] = new Array(depth);
    for (let at = before, left = depth - 1, last = input; at !== null; last = at.input, at = at.before) {
      inputs[left--] = last;
    }
    this.#inputs = inputs;
    this.#used = 0;
    this.#alone = alone;
    this.#at = before;
    this.#came = undefined;
    this.#stopped = false;
    this.#failure = null;
    this.#notes = [];
    this.#waiting = 0;
    this.#membrane = new Membrane(this.#stories, () => this.#stopped);
    this.loop = new EventLoop();
    this.#copy.memory.reset();
    const { stackTraceLimit } = Error;
    // Nobody reads the stacks of the errors that the code under test makes.
    Error.stackTraceLimit = 0;
    try {
      this.#run();
    } catch (error) {
      if (!this.#stopped) this.#failure ??= `${error}`;
    }
    Error.stackTraceLimit = stackTraceLimit;
    if (!this.#stopped) {
      this.#copy.memory.frames.length = 0;
      this.#comesTo(null);
    }
    return this.#came as unknown as Position;
  }

  /** A position is reached; `operation` is the next. Whether it is a new one that is worth going on from. */
  #comesTo(operation: Operation | null): boolean {
    const passes = operation !== null && this.#alone?.passes(operation) === true;
    const key = passes ? undefined : this.#remembers(operation);
    const before = this.#at;
    const depth = before === null ? 0 : before.depth + 1;
    if (depth > LONGEST) this.#failure = 'runs without end';
    const known = key === undefined || this.#failure !== null ? undefined : this.#known.get(key);
    const input = this.#inputs[this.#used - 1] ?? 0;
    const position = known ?? {
      id: this.positions.length,
      before,
      input,
      depth,
      operation,
      events: operation === null ? this.loop.events() : [],
      notes: [...this.#notes],
      waiting: this.#waiting,
      failure: this.#failure,
      after: new Map(),
      renamed: [],
    };
    this.#came ??= position;
    this.#at = position;
    before?.after.set(input, position);
    if (known !== undefined) return false;
    this.positions.push(position);
    if (key !== undefined) this.#known.set(key, position);
    return this.#failure === null;
  }

  #run(): void {
    const me = this.#me();
    const action = (): void => {
      this.#membrane.hears('the action');
      this.#scenario.action?.(me);
    };
    this.#membrane.take(action);
    const views = viewsOf(this.#copy.primitives, this.#shared, action);
    this.#views = views;
    const seen = Object.entries(views as object).map(([key, view]) => [key, this.#membrane.give(view)]);
    const primitives = this.#membrane.give(this.#copy.primitives);
    this.#scenario.threads[this.thread]?.(Object.fromEntries(seen), me, primitives);
    this.loop.drain();
    while (this.#used < this.#inputs.length) {
      this.loop.run(this.#inputs[this.#used++] as number);
      this.loop.drain();
    }
  }

  #me(): Me {
    const membrane = this.#membrane;
    const seat = (does: 'enter' | 'exit', name: string): number => {
      const others = this.perform({ does, region: this.#regions.indexOf(name) });
      membrane.hears(`${others}`);
      return others;
    };
    const fail = (message: string): never => {
      this.#failure ??= message;
      throw new Error(message);
    };
    const told = (label: string, run: () => void): (() => void) => {
      const runs = (): void => {
        membrane.hears(label);
        run();
      };
      membrane.take(runs);
      return runs;
    };
    return {
      ident: this.thread + FIRST_IDENT,
      enter: (region) => {
        const others = seat('enter', region);
        if (others >= (this.#scenario.regions?.[region] ?? 0)) fail(`${others + 1} at a time in ${region}`);
      },
      exit: (region) => void seat('exit', region),
      note: (text) => {
        if (!this.#stopped) this.#notes.push(text);
      },
      fail,
      hears: (event) => {
        if (this.#stopped) throw STOP;
        membrane.hears(event);
      },
      whenever: (label, run) => this.loop.whenever(label, told(label, run)),
      starts: (started) => this.#copy.starts?.(started),
      later: (run) => this.loop.nextTurn(told('later', run)),
      waits: (by) => {
        if (!this.#stopped) this.#waiting += by;
      },
      passOnStop: () => {
        if (this.#stopped) throw STOP;
      },
    };
  }
}
