import { RECHECK_MS } from '../../../src/primitives/waiting/event-loop.js';
import { EventLoop } from './event-loop.js';
import { Graphs } from './graphs.js';
import { Hash } from './hash.js';
import { Layout, START } from './layout.js';
import { addressOf, MemoryMap } from './memory-map.js';
import {
  CANCEL,
  EVENT,
  encodeMove,
  eventOf,
  isKill,
  isLook,
  isOwn,
  JUMP,
  KILL,
  LOOK,
  LOOK_EVENT,
  looksAgain,
  NOTICE,
  SEE,
  STEP,
  TIMEOUT,
  threadOf,
  whatOf,
} from './move.js';
import { nameWords } from './name-words.js';
import { encodeEvent, type LoopEvent, NAP, type Operation } from './operation.js';
import { Performer } from './performer.js';
import type { SimulatedProcess } from './port.js';
import type { Graph, Position } from './position.js';
import { type End, type Scenario, victimsOf } from './scenario.js';
import { atOnce } from './set-up.js';
import { simulatedModules } from './simulated-modules.js';
import { instantiate, PRIMITIVES, THREADS } from './sources.js';
import { DEAD, IS, LOOKS, PARKED, POSITION, State, UNTIL, WOKEN } from './state.js';
import { Symmetry } from './symmetry.js';

/** How often each sleeper looks again, once nothing else happens, before it counts as stuck. */
const MOST_LOOKS = 3;
const JUMP_MS = 12;

/** A scenario as a machine: a state, the moves that it allows, and what they make of it. */
export class World<S> {
  readonly map = new MemoryMap();
  readonly state: State;
  readonly layout: Layout;
  readonly performer: Performer;
  readonly hash: Hash;
  /** By thread: what its program may come to. */
  readonly graphs: readonly Graph[];
  readonly scenario: Scenario<S>;
  readonly shared: S;
  readonly #graphs: Graphs<S>;
  readonly #regions: number;
  readonly #process: SimulatedProcess | undefined;
  readonly #victims: readonly number[];
  readonly #first: Int32Array;

  constructor(scenario: Scenario<S>) {
    const { threads, cancels, jumps, preemptions } = scenario;
    this.#victims = victimsOf(scenario);
    const kills = this.#victims.length;
    this.scenario = scenario;
    this.#process =
      scenario.starters === undefined
        ? undefined
        : { environment: new Map(), starters: scenario.starters, early: scenario.early ?? [] };
    this.#regions = Object.keys(scenario.regions ?? {}).length;
    this.layout = new Layout(this.map, threads.length, this.#regions);
    const setUp: number[] = [];
    this.shared = this.#setUp(setUp);
    const named = nameWords(this.map, this.shared as object);
    const symmetry = new Symmetry(scenario as never, named.idents);
    this.#graphs = new Graphs(scenario, this.shared, { words: setUp, map: this.map }, this.#process);
    this.graphs = symmetry.firsts.map((first) => this.#graphs.of(first));
    this.state = new State(this.map.size, threads.length);
    const { state, layout } = this;
    state.words.set(setUp);
    state.write(layout.time, START);
    state.write(layout.jumps, jumps ?? 0);
    state.write(layout.kills, kills);
    state.write(layout.earlyLooks, kills === 0 || preemptions === 0 ? 0 : 1);
    state.write(layout.cancels, cancels === undefined ? 0 : 1);
    state.write(layout.last, -1);
    this.performer = new Performer(state, layout, this.graphs, this.#mortal(), symmetry, named);
    this.hash = new Hash(state, layout, this.#regions, symmetry, this.graphs);
    for (const [thread, { start }] of this.graphs.entries()) state.put(thread, POSITION, start.id);
    for (const thread of this.graphs.keys()) this.performer.goOn(thread);
    this.#first = state.words.slice();
    state.begin();
  }

  /** The victims, and those that die with it. */
  #mortal(): boolean[] {
    const { threads, starters } = this.scenario;
    const dies = (thread: number): boolean =>
      this.#victims.includes(thread) ||
      (starters !== undefined && thread >= 0 && dies(starters[thread] ?? -1));
    return threads.map((_, thread) => this.#victims.length > 0 && dies(thread));
  }

  /** It is explored. */
  close(): void {
    this.#graphs.close();
  }

  /** Back to the first state. */
  reset(): void {
    this.state.load(this.#first, 0);
  }

  /** Runs the scenario's `shared` at once, on words of their own. */
  #setUp(words: number[]): S {
    const perform = (operation: Operation): number => atOnce(operation, words);
    const loop = new EventLoop();
    const { threads, sources, shared } = this.scenario;
    const thread = this.#process === undefined ? threads.length : 0;
    const port = { thread, loop, allocator: this.map, perform, process: this.#process };
    const entries = this.#process === undefined ? PRIMITIVES : [...PRIMITIVES, ...THREADS];
    return shared(instantiate(sources, simulatedModules(port), undefined, entries));
  }

  /** A word of a primitive's own cells. */
  readonly word: End['word'] = (cells, index) => this.state.read(addressOf(cells as never, index));

  position(thread: number): Position {
    return this.performer.position(thread);
  }

  /** What can happen next; without those that would take one of the preemptions, when none is left. */
  moves(mayPreempt: boolean): number[] {
    const moves: number[] = [];
    const looks: number[] = [];
    const { state } = this;
    for (let thread = 0; thread < this.graphs.length; thread++)
      this.#movesOf(thread, mayPreempt, moves, looks);
    if (this.#word('jumps') > 0) moves.push(encodeMove(JUMP, 0));
    const dead = this.#word('kills') < this.#victims.length;
    if ((!dead && this.scenario.looks !== true) || looks.length === 0) return moves;
    if (!moves.every(isKill)) return this.#word('earlyLooks') > 0 ? [...moves, ...looks] : moves;
    return [...moves, ...looks.filter((look) => state.of(threadOf(look), LOOKS) < MOST_LOOKS)];
  }

  #movesOf(thread: number, mayPreempt: boolean, moves: number[], looks: number[]): void {
    const { state, layout } = this;
    const { cancels } = this.scenario;
    const is = state.of(thread, IS);
    if (is === DEAD) {
      if (state.read(layout.noticed + thread) === 0) moves.push(encodeMove(NOTICE, thread));
      return;
    }
    const starter = this.scenario.starters?.[thread] ?? -1;
    const falls = this.#victims.includes(thread) || (starter !== -1 && state.of(starter, IS) === DEAD);
    if (falls) moves.push(encodeMove(KILL, thread));
    if (thread === cancels && this.#word('cancels') > 0) moves.push(encodeMove(CANCEL, thread));
    if (this.performer.isBehind(thread)) moves.push(encodeMove(SEE, thread));
    if (!mayPreempt && this.preempts(thread)) return;
    const { operation, events } = this.position(thread);
    if (is === PARKED) {
      const { ms } = operation as Operation & { does: 'park' };
      const ends = ms !== RECHECK_MS && ms !== NAP;
      if (ends || (ms === RECHECK_MS && state.read(layout.cancelled + thread) === 1))
        moves.push(encodeMove(TIMEOUT, thread));
      else looks.push(encodeMove(LOOK, thread));
      return;
    }
    if (operation !== null) {
      moves.push(encodeMove(STEP, thread));
      return;
    }
    const woken = state.of(thread, WOKEN);
    if (woken !== 0)
      moves.push(encodeMove(EVENT, thread, encodeEvent({ runs: 'woken', id: (woken & 7) - 1 })));
    for (const event of events) {
      if (event.runs === 'ended' && state.of(event.id, IS) !== DEAD) continue;
      if (looksAgain(event)) looks.push(encodeMove(LOOK_EVENT, thread, encodeEvent(event)));
      else moves.push(encodeMove(EVENT, thread, encodeEvent(event)));
    }
  }

  /** Whether another was running and could go on, so that it is made to wait when this one moves. */
  preempts(thread: number): boolean {
    const last = this.#word('last');
    return last !== -1 && last !== thread && this.performer.canGoOn(last);
  }

  #word(name: keyof Layout): number {
    return this.state.read(this.layout[name]);
  }

  apply(move: number): void {
    const { state, layout, performer } = this;
    const what = whatOf(move);
    const thread = threadOf(move);
    performer.cameBack = false;
    if (what === JUMP) {
      state.add(layout.jumps, -1);
      state.add(layout.time, JUMP_MS);
    } else if (what === KILL) this.#kill(thread);
    else if (what === SEE) performer.see(thread);
    else if (what === NOTICE) state.write(layout.noticed + thread, 1);
    else if (what === CANCEL) {
      state.add(layout.cancels, -1);
      state.write(layout.cancelled + thread, 1);
    } else {
      if (isLook(move)) this.#countLook(thread);
      if (what === EVENT || what === LOOK_EVENT) this.#runEvent(thread, this.event(thread, eventOf(move)));
      else if (what === STEP) performer.step(thread);
      else {
        this.#passTime(state.of(thread, UNTIL));
        performer.timeOut(thread);
      }
      performer.goOn(thread);
    }
    if (this.scenario.preemptions === undefined) return;
    const last = isOwn(move) ? thread : this.#word('last');
    state.write(layout.last, last !== -1 && performer.canGoOn(last) ? last : -1);
  }

  event(thread: number, code: number): LoopEvent {
    const found = this.position(thread).events.find((event) => encodeEvent(event) === code);
    return found ?? { runs: 'woken', id: code % 1000 };
  }

  #kill(thread: number): void {
    const { state, layout } = this;
    if (this.#victims.includes(thread)) state.add(layout.kills, -1);
    state.write(layout.died + thread, this.scenario.atDeath?.(thread, this.word, this.shared) ?? 0);
    this.performer.die(thread);
    // The others have another death to notice.
    for (const other of this.graphs.keys()) state.put(other, LOOKS, 0);
    for (let region = layout.regions; region < layout.regions + this.#regions; region++)
      state.write(region, state.read(region) & ~(1 << thread));
  }

  #countLook(thread: number): void {
    const quiet = this.moves(true).every((move) => isLook(move) || isKill(move));
    if (quiet) this.state.put(thread, LOOKS, this.state.of(thread, LOOKS) + 1);
    else this.state.add(this.layout.earlyLooks, -1);
  }

  #runEvent(thread: number, event: LoopEvent): void {
    if (event.runs === 'timer') this.#passTime(event.due);
    if (event.runs === 'recheck') this.state.add(this.layout.time, RECHECK_MS);
    this.performer.runEvent(thread, event);
  }

  #passTime(until: number): void {
    if (this.#word('time') < until) this.state.write(this.layout.time, until);
  }
}
