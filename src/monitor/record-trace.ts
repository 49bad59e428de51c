import type { MonitorEvent } from './protocol.js';

/** What was gathered while a trace was recorded. Times are ms since the epoch. */
export interface Recorded {
  readonly pid: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly events: readonly MonitorEvent[];
  /** Events that are missing. */
  readonly lost: number;
  /** By ident. `begun`: it ran already when it was first seen. */
  readonly threads: Map<
    number,
    { readonly name: string; readonly runs: string | null; readonly begun: boolean }
  >;
  /** Names by id. */
  readonly primitives: Map<number, string>;
  readonly pools: readonly {
    readonly time: number;
    readonly id: number;
    readonly name: string;
    readonly busy: number;
    readonly queued: number;
  }[];
  /** By id. */
  readonly findings: Map<string, { readonly since: number; readonly message: string }>;
}

/** Of Chrome's trace event format. Source: "Trace Event Format", Google, 2016. Times in µs. */
interface TraceEvent {
  readonly ph: 'M' | 'X' | 'b' | 'e' | 's' | 'f' | 'C' | 'i';
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly [more: string]: unknown;
}

/** How long a release is shown, in µs: an arrow begins at something that has a length. */
const MOMENT = 1;

/** The file that Perfetto opens: complete events for what nests, pairs with an id for what overlaps. */
export function traceOf(recorded: Recorded): object {
  const { name, from, lost } = recorded;
  const traceEvents = new Trace(recorded).events();
  const otherData = { program: name, started: new Date(from).toISOString(), eventsLost: lost };
  return { displayTimeUnit: 'ms', traceEvents, otherData };
}

class Trace {
  readonly #recorded: Recorded;
  readonly #events: TraceEvent[] = [];
  /** The waits that have begun, by thread, primitive and face, in their order. */
  readonly #waits = new Map<string, MonitorEvent[]>();
  /** When threads that run began. */
  readonly #running = new Map<number, number>();
  /** The last release of a primitive by a thread. */
  readonly #releases = new Map<string, number>();
  #ids = 0;

  constructor(recorded: Recorded) {
    this.#recorded = recorded;
  }

  events(): TraceEvent[] {
    const { name, from, to, threads, events, pools, findings } = this.#recorded;
    this.#add('M', 'process_name', 0, from, { args: { name } });
    for (const [ident, thread] of threads) {
      this.#add('M', 'thread_name', ident, from, { args: { name: thread.name } });
      if (thread.begun && thread.runs !== null) this.#running.set(ident, from);
    }
    for (const event of events) this.#event(event);
    for (const waits of [...this.#waits.values()])
      for (const wait of waits.splice(0)) this.#waited(wait, to, 'pending');
    for (const ident of [...this.#running.keys()]) this.#ran(ident, to, 'running');
    for (const { time, name: pool, busy, queued } of pools)
      this.#add('C', `pool ${pool}`, 0, time, { args: { busy, queued } });
    for (const { since, message } of findings.values())
      this.#add('i', message, 0, Math.max(since, from), { s: 'p', cat: 'finding' });
    return this.#events.sort((a, b) => a.ts - b.ts);
  }

  #event(event: MonitorEvent): void {
    const { time, ident, primitive } = event;
    switch (event.event) {
      case 'start':
        this.#running.set(ident, time);
        break;
      case 'killed':
        this.#add('i', 'killed', ident, time, { s: 't', cat: 'run' });
        this.#ran(ident, time, 'killed');
        break;
      case 'end':
        this.#ran(ident, time, 'ended');
        break;
      case 'wait':
        this.#waitsOf(event).push(event);
        break;
      case 'woken':
      case 'timeout':
      case 'left':
        this.#woken(event);
        break;
      case 'release':
      case 'notify':
      case 'set':
        this.#releases.set(`${ident} ${primitive}`, time);
        this.#add('X', `${event.event} ${this.#what(primitive)}`, ident, time, {
          cat: 'release',
          dur: MOMENT,
        });
    }
  }

  #ran(ident: number, end: number, how: string): void {
    const began = this.#running.get(ident);
    if (began === undefined) return;
    this.#running.delete(ident);
    const name = this.#recorded.threads.get(ident)?.runs ?? 'thread';
    this.#add('X', name, ident, began, { cat: 'run', dur: (end - began) * 1000, args: { how } });
  }

  /** A wait that began before the recording begins with it. */
  #woken(end: MonitorEvent): void {
    const { time, ident, primitive, by, event, face } = end;
    const wait = this.#waitsOf(end).shift() ?? { ...end, time: this.#recorded.from };
    this.#waited(wait, time, event);
    const released = by === null ? undefined : this.#releases.get(`${by} ${primitive}`);
    if (by === null || released === undefined || released > time || face === null) return;
    const id = ++this.#ids;
    const arrow = { id, cat: 'wake' };
    this.#add('s', 'wakes', by, released, arrow);
    this.#add('f', 'wakes', ident, time, { ...arrow, bp: 'e' });
  }

  #waited({ time, ident, primitive, by, face }: MonitorEvent, end: number, how: string): void {
    const name = `wait ${this.#what(primitive)}`;
    const args = { how, owner: by === null ? null : (this.#recorded.threads.get(by)?.name ?? by) };
    if (face !== 'observable') {
      this.#add('X', name, ident, time, { cat: 'wait', dur: (end - time) * 1000, args });
      return;
    }
    const id = ++this.#ids;
    this.#add('b', name, ident, time, { cat: 'wait', id, args });
    this.#add('e', name, ident, end, { cat: 'wait', id });
  }

  /** Those of one thread for one primitive are served in their order. */
  #waitsOf({ ident, primitive, face }: MonitorEvent): MonitorEvent[] {
    const key = `${ident} ${primitive} ${face}`;
    const known = this.#waits.get(key) ?? [];
    this.#waits.set(key, known);
    return known;
  }

  /** The name of a primitive; of a thread that is joined, its. */
  #what(primitive: number | null): string {
    const { threads, primitives } = this.#recorded;
    if (primitive === null) return '';
    if (primitive < 0) return threads.get(-primitive)?.name ?? `thread ${-primitive}`;
    return primitives.get(primitive) ?? `#${primitive}`;
  }

  #add(ph: TraceEvent['ph'], name: string, tid: number, time: number, more: object): void {
    const { pid, from } = this.#recorded;
    this.#events.push({ ph, name, pid, tid, ts: (time - from) * 1000, ...more });
  }
}
