import type { Layout } from './layout.js';
import type { Named } from './name-words.js';
import {
  encodeEvent,
  type LoopEvent,
  NOT_EQUAL,
  OK,
  type Operation,
  TIMED_OUT,
  written,
} from './operation.js';
import type { Graph, Position } from './position.js';
import { FIRST_IDENT } from './simulated-modules.js';
import { DEAD, IS, PARKED, POSITION, READY, type State, UNTIL, WOKEN } from './state.js';
import type { Symmetry } from './symmetry.js';

/** The bits of a section's word that tell who is in it. */
const IDENT = (1 << 27) - 1;

/** Does to the state what the threads' operations ask for. */
export class Performer {
  /** What the operation of the last move came to; for schedules. */
  result = 0;
  /** Whether a park of the last move came back at once. */
  cameBack = false;
  readonly #state: State;
  readonly #layout: Layout;
  readonly #threads: readonly Graph[];
  /** By thread: whether it may die. */
  readonly #mortal: readonly boolean[];
  readonly #symmetry: Symmetry;
  /** Words that only who is in a section touches, each with that section's. */
  readonly #guarded: ReadonlyMap<number, number>;
  /** The word that is read by plain loads; -1: none is. */
  readonly #peeked: number;
  /** By notes: the position that stands for all of the dead with these. */
  readonly #last = new Map<Graph, Map<string, number>>();

  constructor(
    state: State,
    layout: Layout,
    threads: readonly Graph[],
    mortal: readonly boolean[],
    symmetry: Symmetry,
    { guarded, peeked }: Named,
  ) {
    this.#state = state;
    this.#layout = layout;
    this.#threads = threads;
    this.#mortal = mortal;
    this.#symmetry = symmetry;
    this.#guarded = guarded;
    this.#peeked = peeked;
    for (const thread of threads.keys()) this.see(thread);
  }

  position(thread: number): Position {
    const { positions } = this.#threads[thread] as Graph;
    return positions[this.#state.of(thread, POSITION)] as Position;
  }

  /** What a thread is about to do to the memory. */
  operation(thread: number): Operation | null {
    const { operation } = this.position(thread);
    return operation === null ? null : this.#symmetry.onMemory(thread, operation);
  }

  /** Whether its plain loads may show something else than the word is. */
  isBehind(thread: number): boolean {
    return (
      this.#peeked !== -1 && this.#state.read(this.#peeked) !== this.#state.read(this.#layout.shows + thread)
    );
  }

  /** Its plain loads show from now on what the word is. */
  see(thread: number): void {
    if (this.#peeked !== -1) this.#state.write(this.#layout.shows + thread, this.#state.read(this.#peeked));
  }

  canGoOn(thread: number): boolean {
    return this.#state.of(thread, IS) === READY && this.position(thread).operation !== null;
  }

  runEvent(thread: number, event: LoopEvent): void {
    if (event.runs === 'woken') this.#state.put(thread, WOKEN, this.#state.of(thread, WOKEN) >> 3);
    this.#comesTo(thread, encodeEvent(event));
  }

  /** Of where a dead thread was only its notes count from now on: all positions with the same are one. */
  die(thread: number): void {
    const state = this.#state;
    const graph = this.#threads[thread] as Graph;
    const position = this.position(thread);
    const notes = JSON.stringify(position.notes);
    const last = this.#last.get(graph) ?? new Map<string, number>();
    this.#last.set(graph, last.set(notes, last.get(notes) ?? position.id));
    state.rouse((one) => one.thread === thread);
    state.put(thread, POSITION, last.get(notes) as number);
    state.put(thread, IS, DEAD);
    state.put(thread, UNTIL, 0);
    state.put(thread, WOKEN, 0);
  }

  timeOut(thread: number): void {
    this.#state.rouse((one) => one.thread === thread && one.agent === -1);
    this.#comesTo(thread, TIMED_OUT);
  }

  /** The operation at hand came to this. */
  #comesTo(thread: number, result: number): void {
    this.#state.put(thread, POSITION, this.#advanced(thread, result).id);
    this.#state.put(thread, IS, READY);
    this.#state.put(thread, UNTIL, 0);
  }

  #advanced(thread: number, result: number): Position {
    const position = this.position(thread);
    const known = position.after.get(result);
    if (known !== undefined) return known;
    const { cameBack } = this;
    const { changes } = this.#state;
    const next = (this.#threads[thread] as Graph).advance(position, result, {
      guess: (operation) => this.#tried(thread, this.#symmetry.onMemory(thread, operation)),
      passes: (operation) => this.#isQuiet(this.#symmetry.onMemory(thread, operation), thread),
    });
    this.#state.undoTo(changes);
    this.cameBack = cameBack;
    return next;
  }

  /** What an operation comes to; undefined when the thread sleeps. The caller undoes it. */
  #tried(thread: number, operation: Operation): number | undefined {
    if (operation.does === 'wake') return 0;
    if (operation.does === 'park')
      return this.#state.read(operation.at) === operation.expected ? undefined : NOT_EQUAL;
    return this.#perform(thread, operation);
  }

  step(thread: number): void {
    const operation = this.operation(thread);
    if (operation === null) return;
    const result = this.#perform(thread, operation);
    if (!this.#isQuiet(operation, thread)) this.result = this.#onMemory(thread, operation, result ?? 0);
    if (result !== undefined) this.#comesTo(thread, result);
  }

  /** What an operation came to, as it is in the memory. */
  #onMemory(thread: number, operation: Operation, result: number): number {
    const isWord = 'at' in operation && !operation.does.startsWith('park');
    return isWord ? this.#symmetry.seen(thread, operation.at, result) : result;
  }

  /** Does what needs no turn of its own: nobody else can tell when it happens. */
  goOn(thread: number): void {
    for (;;) {
      const { failure } = this.position(thread);
      const operation = this.operation(thread);
      if (operation === null || failure !== null || !this.#isQuiet(operation, thread)) return;
      if (this.trespasses(thread, operation)) return;
      this.step(thread);
    }
  }

  #isQuiet(operation: Operation, thread: number): boolean {
    if ('at' in operation) return this.#mortal[thread] !== true && this.#guarded.has(operation.at);
    if (operation.does === 'lives') return this.#mortal[operation.thread] !== true;
    return operation.does !== 'exit';
  }

  /** Whether it touches what belongs to a section that it is not in. */
  trespasses(thread: number, operation: Operation): boolean {
    const section = 'at' in operation ? this.#guarded.get(operation.at) : undefined;
    return section !== undefined && (this.#state.read(section) & IDENT) !== thread + FIRST_IDENT;
  }

  /** undefined when the thread sleeps. */
  #perform(thread: number, operation: Operation): number | undefined {
    const layout = this.#layout;
    const state = this.#state;
    switch (operation.does) {
      case 'time':
        return state.read(layout.time);
      case 'lives':
        return this.#mortal[operation.thread] === true
          ? 1 - state.read(layout.noticed + operation.thread)
          : 1;
      case 'cancelled': {
        const told = state.read(layout.cancelled + thread);
        if (told === 1) state.write(layout.cancelled + thread, 2);
        return told;
      }
      case 'enter': {
        const region = layout.regions + operation.region;
        const others = state.read(region) & ~(1 << thread);
        state.write(region, others | (1 << thread));
        return others.toString(2).replaceAll('0', '').length;
      }
      case 'exit': {
        const region = layout.regions + operation.region;
        state.write(region, state.read(region) & ~(1 << thread));
        return 0;
      }
      case 'park':
        this.cameBack = state.read(operation.at) !== operation.expected;
        if (this.cameBack) return NOT_EQUAL;
        state.sleep({ at: operation.at, thread, agent: -1 });
        state.put(thread, IS, PARKED);
        state.put(thread, UNTIL, state.read(layout.time) + operation.ms);
        return undefined;
      case 'parkAsync':
        this.cameBack = state.read(operation.at) !== operation.expected;
        if (this.cameBack) return 0;
        state.sleep({ at: operation.at, thread, agent: operation.id });
        return 1;
      case 'wake':
        this.#wake(operation.at, operation.count);
        return 0;
      case 'peek':
        return state.read(operation.at === this.#peeked ? layout.shows + thread : operation.at);
      default: {
        const before = state.read(operation.at);
        const after = written(operation, before);
        if (after !== undefined) state.write(operation.at, after);
        if (operation.at === this.#peeked) this.see(thread);
        return this.#symmetry.seen(thread, operation.at, before);
      }
    }
  }

  #wake(at: number, count: number): void {
    let left = count;
    for (const { thread, agent } of this.#state.rouse((one) => one.at === at && left-- > 0)) {
      if (agent !== -1) this.#state.woken(thread, agent);
      else {
        this.#comesTo(thread, OK);
        this.goOn(thread);
      }
    }
  }
}
