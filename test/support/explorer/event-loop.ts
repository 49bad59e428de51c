import { RECHECK_MS } from '../../../src/primitives/waiting/event-loop.js';
import { seeable } from './memory.js';
import { decodeEvent, type LoopEvent } from './operation.js';

interface Timer {
  readonly due: number;
  readonly looks: boolean;
  run(): void;
}

/** The event loop of one simulated thread: microtasks run by themselves, the explorer chooses among the rest. */
export class EventLoop {
  #soon: (() => void)[] = [];
  #turns: (() => void)[] = [];
  #timers = new Map<number, Timer>();
  #rechecked = new Set<{ recheck(): boolean }>();
  #whenevers = new Map<number, { readonly label: string; run(): void }>();
  #asleep = new Map<number, () => void>();
  /** By thread: what runs once that has ended. */
  #ends = new Map<number, () => void>();

  soon(run: () => void): void {
    this.#soon.push(run);
  }

  nextTurn(run: () => void): void {
    this.#turns.push(run);
  }

  after(due: number, ms: number, run: () => void): () => void {
    const id = this.#freeId();
    this.#timers.set(id, { due, looks: ms === RECHECK_MS, run });
    return seeable(
      () => this.#timers.delete(id),
      'stop timer',
      () => [id],
    );
  }

  recheckPeriodically(one: { recheck(): boolean }): void {
    this.#rechecked.add(one);
  }

  /** An event from outside, that may come at any time; returns how to call it off. */
  whenever(label: string, run: () => void): () => void {
    const id = this.#freeId();
    this.#whenevers.set(id, { label, run });
    return () => this.#whenevers.delete(id);
  }

  /** Runs once that thread is dead. */
  whenEnded(thread: number, run: () => void): void {
    this.#ends.set(thread, run);
  }

  /** For an agent that is about to sleep. */
  nextId(): number {
    return this.#freeId();
  }

  sleeps(id: number, woken: () => void): void {
    this.#asleep.set(id, woken);
  }

  /** The least that is not in use, so that histories that differ no more are seen to be the same. */
  #freeId(): number {
    let id = 0;
    while (this.#timers.has(id) || this.#whenevers.has(id) || this.#asleep.has(id)) id++;
    return id;
  }

  /** All that it has still to do. */
  contents(): unknown {
    return [this.#turns, this.#timers, this.#rechecked, this.#whenevers, this.#asleep, this.#ends];
  }

  /** Runs the microtasks, and theirs. */
  drain(): void {
    for (let run = this.#soon.shift(); run !== undefined; run = this.#soon.shift()) run();
  }

  /** What may run next, but for those woken: of that the memory tells. */
  events(): LoopEvent[] {
    const events: LoopEvent[] = [];
    if (this.#turns.length > 0) events.push({ runs: 'turn' });
    if (this.#rechecked.size > 0) events.push({ runs: 'recheck' });
    const timers = [...this.#timers].sort(([, a], [, b]) => a.due - b.due);
    for (const [id, { due, looks }] of timers.slice(0, 1)) events.push({ runs: 'timer', id, due, looks });
    for (const [id, { label }] of this.#whenevers) events.push({ runs: 'whenever', id, label });
    for (const id of this.#ends.keys()) events.push({ runs: 'ended', id });
    return events;
  }

  run(code: number): void {
    const { runs, id } = decodeEvent(code);
    if (runs === 'turn') this.#turns.shift()?.();
    else if (runs === 'recheck') this.#walk();
    else if (runs === 'woken') take(this.#asleep, id)?.();
    else if (runs === 'timer') take(this.#timers, id)?.run();
    else if (runs === 'ended') take(this.#ends, id)?.();
    else take(this.#whenevers, id)?.run();
  }

  #walk(): void {
    for (const one of this.#rechecked) if (!one.recheck()) this.#rechecked.delete(one);
  }
}

function take<V>(from: Map<number, V>, id: number): V | undefined {
  const value = from.get(id);
  from.delete(id);
  return value;
}
