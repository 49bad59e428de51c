import { RECHECK_MS } from '../../../src/primitives/waiting/event-loop.js';
import { EventLoop } from './event-loop.js';
import { Layout } from './layout.js';
import { addressOf, MemoryMap } from './memory-map.js';
import { nameWords } from './name-words.js';
import {
  encodeEvent,
  type LoopEvent,
  NAP,
  NOT_EQUAL,
  OK,
  type Operation,
  TIMED_OUT,
  written,
} from './operation.js';
import type { End, Scenario } from './scenario.js';
import { FIRST_IDENT, simulatedModules } from './simulated-modules.js';
import { type Position, SimulatedThread } from './simulated-thread.js';
import { instantiate } from './sources.js';
import { Draft, type Standing, type State } from './state.js';

/** How often each sleeper looks again, once nothing else happens, before it counts as stuck. */
const LOOKS = 3;
const JUMP = 12;
/** The bits of a section's word that tell who is in it. */
const IDENT = (1 << 27) - 1;
const START = 1000;
/** ms after which threads that still go on never end; deaths take some looks to notice. */
const LONGEST = 150;

export type Move =
  | { readonly what: 'step' | 'timeout' | 'look' | 'kill' | 'notice' | 'cancel'; readonly thread: number }
  | { readonly what: 'event' | 'look'; readonly thread: number; readonly event: LoopEvent }
  | { readonly what: 'jump'; readonly thread: -1 };

/** A scenario as a machine: a first state, the moves that each allows, and where they lead. */
export class World<S> {
  readonly map = new MemoryMap();
  readonly initial: State;
  /** What the operation of the last move came to; for schedules. */
  result = 0;
  readonly #scenario: Scenario<S>;
  readonly #shared: S;
  readonly #layout: Layout;
  readonly #threads: SimulatedThread<S>[];
  /** Words that only who is in a section touches, each with that section's: see `#trespasses`. */
  #guarded: ReadonlyMap<number, number> = new Map();

  constructor(scenario: Scenario<S>) {
    const { threads, victim, cancels, jumps, preemptions } = scenario;
    this.#scenario = scenario;
    this.#layout = new Layout(this.map, threads.length, Object.keys(scenario.regions ?? {}).length);
    const setUp: number[] = [];
    this.#shared = this.#setUp(setUp);
    const words = new Int32Array(this.map.size);
    words.set(setUp);
    words[this.#layout.time] = START;
    words[this.#layout.jumps] = jumps ?? 0;
    words[this.#layout.kills] = victim === undefined ? 0 : 1;
    words[this.#layout.earlyLooks] = victim === undefined || preemptions === 0 ? 0 : 1;
    words[this.#layout.cancels] = cancels === undefined ? 0 : 1;
    words[this.#layout.preemptions] = preemptions ?? 0;
    words[this.#layout.last] = -1;
    this.#threads = threads.map((_, index) => new SimulatedThread(scenario, this.#shared, index));
    const draft = new Draft({
      words,
      sleepers: [],
      standings: this.#threads.map(({ start }) => ({ position: start, is: 'ready', until: 0, woken: [] })),
    });
    for (const { thread } of this.#threads) this.#goOn(draft, thread);
    this.initial = draft;
  }

  /** Runs the scenario's `shared` at once, on words of their own. */
  #setUp(words: number[]): S {
    const perform = (operation: Operation): number => {
      if (operation.does === 'time') return START;
      if (!('at' in operation)) throw new Error(`no ${operation.does} while setting up`);
      const before = words[operation.at] ?? 0;
      const after = written(operation, before);
      if (after !== undefined) words[operation.at] = after;
      return before;
    };
    const port = {
      thread: this.#scenario.threads.length,
      loop: new EventLoop(),
      allocator: this.map,
      perform,
    };
    const shared = this.#scenario.shared(instantiate(this.#scenario.sources, simulatedModules(port)));
    this.#guarded = nameWords(this.map, shared as object);
    return shared;
  }

  /** What can happen next. */
  moves(state: State): Move[] {
    const moves: Move[] = [];
    const looks: Move[] = [];
    for (let thread = 0; thread < this.#threads.length; thread++) this.#movesOf(state, thread, moves, looks);
    if (this.#word(state, 'jumps') > 0) moves.push({ what: 'jump', thread: -1 });
    const dead = this.#scenario.victim !== undefined && this.#word(state, 'kills') === 0;
    if (!dead || looks.length === 0) return moves;
    if (moves.length > 0) return this.#word(state, 'earlyLooks') > 0 ? [...moves, ...looks] : moves;
    return looks.filter(({ thread }) => (state.words[this.#layout.looks + thread] as number) < LOOKS);
  }

  #movesOf(state: State, thread: number, moves: Move[], looks: Move[]): void {
    const { is, position, woken } = state.standings[thread] as Standing;
    const { victim, cancels } = this.#scenario;
    if (is === 'dead') {
      if (state.words[this.#layout.noticed + thread] === 0) moves.push({ what: 'notice', thread });
      return;
    }
    if (thread === victim && this.#word(state, 'kills') > 0) moves.push({ what: 'kill', thread });
    if (thread === cancels && this.#word(state, 'cancels') > 0) moves.push({ what: 'cancel', thread });
    const { operation } = position;
    if (this.#mustWait(state, thread)) return;
    if (is === 'parked') {
      const { ms } = operation as Operation & { does: 'park' };
      if (ms !== RECHECK_MS && ms !== NAP) moves.push({ what: 'timeout', thread });
      else if (ms === RECHECK_MS && state.words[this.#layout.cancelled + thread] === 1)
        moves.push({ what: 'timeout', thread });
      else looks.push({ what: 'look', thread });
      return;
    }
    if (operation !== null) {
      moves.push({ what: 'step', thread });
      return;
    }
    if (woken[0] !== undefined) {
      moves.push({ what: 'event', thread, event: { runs: 'woken', id: woken[0] } });
    }
    for (const event of position.events) {
      if (event.runs === 'recheck' || (event.runs === 'timer' && event.looks)) {
        looks.push({ what: 'look', thread, event });
      } else moves.push({ what: 'event', thread, event });
    }
  }

  /** Whether another must go on first: it was running, could go on, and the bound is used up. */
  #mustWait(state: State, thread: number): boolean {
    if (this.#scenario.preemptions === undefined || this.#word(state, 'preemptions') > 0) return false;
    const last = this.#word(state, 'last');
    if (last === -1 || last === thread) return false;
    return canGoOn(state.standings[last] as Standing);
  }

  #word(state: State, name: keyof Layout): number {
    return state.words[this.#layout[name]] as number;
  }

  apply(state: State, move: Move): State {
    const draft = new Draft(state);
    const { thread } = move;
    const layout = this.#layout;
    this.#countPreemption(draft, thread, move);
    if (move.what === 'jump') {
      draft.add(layout.jumps, -1);
      draft.add(layout.time, JUMP);
    } else if (move.what === 'kill') {
      draft.add(layout.kills, -1);
      draft.kill(thread);
      for (let region = layout.regions; region < layout.regions + this.#regions; region++) {
        draft.write(region, draft.read(region) & ~(1 << thread));
      }
    } else if (move.what === 'notice') draft.write(layout.noticed + thread, 1);
    else if (move.what === 'cancel') {
      draft.add(layout.cancels, -1);
      draft.write(layout.cancelled + thread, 1);
    } else {
      if (move.what === 'look') this.#countLook(draft, state, thread);
      if ('event' in move) this.#runEvent(draft, thread, move.event);
      else if (move.what === 'step') this.#step(draft, thread);
      else this.#timeOut(draft, thread);
      this.#goOn(draft, thread);
    }
    return draft;
  }

  get #regions(): number {
    return Object.keys(this.#scenario.regions ?? {}).length;
  }

  #countPreemption(draft: Draft, thread: number, { what }: Move): void {
    if (this.#scenario.preemptions === undefined || !['step', 'event', 'timeout', 'look'].includes(what))
      return;
    const last = draft.read(this.#layout.last);
    if (last !== thread && last !== -1 && canGoOn(draft.standings[last] as Standing)) {
      draft.add(this.#layout.preemptions, -1);
    }
    draft.write(this.#layout.last, thread);
  }

  #countLook(draft: Draft, state: State, thread: number): void {
    const quiet = !this.moves(state).some(({ what }) => what !== 'look');
    if (quiet) draft.add(this.#layout.looks + thread, 1);
    else draft.add(this.#layout.earlyLooks, -1);
  }

  #runEvent(draft: Draft, thread: number, event: LoopEvent): void {
    const standing = draft.standings[thread] as Standing;
    if (event.runs === 'timer') this.#passTime(draft, event.due);
    if (event.runs === 'recheck') draft.add(this.#layout.time, RECHECK_MS);
    const woken = event.runs === 'woken' ? standing.woken.slice(1) : standing.woken;
    draft.put(thread, { ...standing, woken });
    this.#comesTo(draft, thread, encodeEvent(event));
  }

  #timeOut(draft: Draft, thread: number): void {
    this.#passTime(draft, (draft.standings[thread] as Standing).until);
    draft.sleepers = draft.sleepers.filter((one) => one.thread !== thread || one.agent !== null);
    this.#comesTo(draft, thread, TIMED_OUT);
  }

  #passTime(draft: Draft, until: number): void {
    if (draft.read(this.#layout.time) < until) draft.write(this.#layout.time, until);
  }

  /** The operation at hand came to this. */
  #comesTo(draft: Draft, thread: number, result: number): void {
    const standing = draft.standings[thread] as Standing;
    const position = (this.#threads[thread] as SimulatedThread<S>).advance(standing.position, result);
    draft.put(thread, { ...standing, position, is: 'ready', until: 0 });
  }

  #step(draft: Draft, thread: number): void {
    const { operation } = (draft.standings[thread] as Standing).position;
    if (operation === null) return;
    const result = this.#perform(draft, thread, operation);
    if (!this.#isQuiet(operation, thread)) this.result = result ?? 0;
    if (result !== undefined) this.#comesTo(draft, thread, result);
  }

  /** Does what needs no turn of its own: nobody else can tell when it happens. */
  #goOn(draft: Draft, thread: number): void {
    for (;;) {
      const { operation, failure } = (draft.standings[thread] as Standing).position;
      if (operation === null || failure !== null || !this.#isQuiet(operation, thread)) return;
      if (this.#trespasses(draft, thread, operation)) return;
      this.#step(draft, thread);
    }
  }

  #isQuiet(operation: Operation, thread: number): boolean {
    if ('at' in operation) return thread !== this.#scenario.victim && this.#guarded.has(operation.at);
    if (operation.does === 'lives') return operation.thread !== this.#scenario.victim;
    return operation.does !== 'exit';
  }

  /** Whether it touches what belongs to a section that it is not in. */
  #trespasses(state: State, thread: number, operation: Operation): boolean {
    const section = 'at' in operation ? this.#guarded.get(operation.at) : undefined;
    return section !== undefined && ((state.words[section] as number) & IDENT) !== thread + FIRST_IDENT;
  }

  /** undefined when the thread sleeps. */
  #perform(draft: Draft, thread: number, operation: Operation): number | undefined {
    const layout = this.#layout;
    switch (operation.does) {
      case 'time':
        return draft.read(layout.time);
      case 'lives':
        return operation.thread === this.#scenario.victim
          ? 1 - draft.read(layout.noticed + operation.thread)
          : 1;
      case 'cancelled': {
        const told = draft.read(layout.cancelled + thread);
        if (told === 1) draft.write(layout.cancelled + thread, 2);
        return told;
      }
      case 'enter': {
        const region = layout.regions + operation.region;
        const others = draft.read(region) & ~(1 << thread);
        draft.write(region, others | (1 << thread));
        return others.toString(2).replaceAll('0', '').length;
      }
      case 'exit': {
        const region = layout.regions + operation.region;
        draft.write(region, draft.read(region) & ~(1 << thread));
        return 0;
      }
      case 'park': {
        if (draft.read(operation.at) !== operation.expected) return NOT_EQUAL;
        draft.sleep({ at: operation.at, thread, agent: null });
        const standing = draft.standings[thread] as Standing;
        draft.put(thread, { ...standing, is: 'parked', until: draft.read(layout.time) + operation.ms });
        return undefined;
      }
      case 'parkAsync':
        if (draft.read(operation.at) !== operation.expected) return 0;
        draft.sleep({ at: operation.at, thread, agent: operation.id });
        return 1;
      case 'wake':
        this.#wake(draft, operation.at, operation.count);
        return 0;
      default: {
        const before = draft.read(operation.at);
        const after = written(operation, before);
        if (after !== undefined) draft.write(operation.at, after);
        return before;
      }
    }
  }

  #wake(draft: Draft, at: number, count: number): void {
    let left = count;
    const woken = draft.sleepers.filter((one) => one.at === at && left-- > 0);
    if (woken.length === 0) return;
    draft.sleepers = draft.sleepers.filter((one) => !woken.includes(one));
    for (const { thread, agent } of woken) {
      const standing = draft.standings[thread] as Standing;
      if (agent !== null) draft.put(thread, { ...standing, woken: [...standing.woken, agent] });
      else {
        this.#comesTo(draft, thread, OK);
        this.#goOn(draft, thread);
      }
    }
  }

  /** What is wrong with a state, if anything; `last`: nothing can happen any more. */
  fault(state: State, last: boolean): string | undefined {
    for (const [thread, { position, is }] of state.standings.entries()) {
      if (is === 'dead') continue;
      const { operation, failure } = position;
      if (failure !== null) return `T${thread + 1}: ${failure}`;
      if (operation !== null && 'at' in operation && this.#trespasses(state, thread, operation)) {
        return `T${thread + 1} touches ${this.map.nameOf(operation.at)} outside of the section`;
      }
    }
    if (this.#scenario.victim === undefined && this.#word(state, 'time') > START + LONGEST)
      return 'runs for ever';
    if (!last) return undefined;
    const stuck: number[] = [];
    for (const [thread, { is, position }] of state.standings.entries()) {
      if (is !== 'dead' && (is === 'parked' || position.waiting > 0)) stuck.push(thread);
    }
    if (stuck.length > 0 && this.#scenario.mayStick !== true) {
      return `${stuck.map((thread) => `T${thread + 1}`).join(', ')} stuck for ever`;
    }
    const end: End = {
      stuck,
      notes: state.standings.map(({ position }) => position.notes),
      killed: state.standings.findIndex(({ is }) => is === 'dead'),
      first: (thread) => firstInput((state.standings[thread] as Standing).position),
      word: (cells, index) => state.words[addressOf(cells as never, index)] as number,
    };
    return this.#scenario.atEnd?.(end, this.#shared);
  }
}

function firstInput(position: Position): number {
  let at = position;
  while (at.before !== null && at.before.before !== null) at = at.before;
  return at.input;
}

function canGoOn({ is, position }: Standing): boolean {
  return is === 'ready' && position.operation !== null;
}
