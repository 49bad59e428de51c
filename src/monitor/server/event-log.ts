import type { MonitorEvent } from '../protocol.js';

/** Reads the ring of events of the process from a cursor on; undefined: from the oldest that is still there. */
export type ReadEvents = (cursor: number | undefined) => {
  readonly events: readonly MonitorEvent[];
  readonly cursor: number;
  readonly lost: number;
};

/** The most events that are kept for readers that lag, and for those that begin. */
const KEPT = 1000;

/** The last events of the process, numbered from the first that this log has read. */
export class EventLog {
  readonly #readRing: ReadEvents;
  #cursor: number | undefined;
  #kept: MonitorEvent[] = [];
  #end = 0;

  constructor(readRing: ReadEvents) {
    this.#readRing = readRing;
  }

  /** Of the event that comes next. */
  get end(): number {
    return this.#end;
  }

  /** Reads what has happened since this was last called. */
  pull(): void {
    const { events, cursor, lost } = this.#readRing(this.#cursor);
    // What the ring had lost before this log began to read it is nobody's loss.
    this.#end += events.length + (this.#cursor === undefined ? 0 : lost);
    this.#cursor = cursor;
    this.#kept.push(...events.slice(-KEPT));
    this.#kept.splice(0, this.#kept.length - KEPT);
  }

  /** Those from a number on that are kept; `lost`: how many are not. */
  since(from: number): { readonly events: readonly MonitorEvent[]; readonly lost: number } {
    const missed = this.#end - from;
    const events = missed === 0 ? [] : this.#kept.slice(-missed);
    return { events, lost: missed - events.length };
  }
}
