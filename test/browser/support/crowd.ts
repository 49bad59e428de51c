import type { MonitorEvent, MonitorMessage } from '../../../src/monitor/protocol.js';
import type { PrimitiveInfo, ThreadInfo, WaitInfo } from '../../../src/monitor/types.js';
import { contention, durations, inspection, pool, primitive, thread, wait } from './infos.js';
import type { Source } from './message-server.js';

const THREADS = 200;
const PRIMITIVES = 1000;

/** 200 threads and 1,000 primitives, where half of the threads begin or end a wait in every step. */
export class Crowd implements Source {
  readonly #threads: ThreadInfo[];
  readonly #primitives: PrimitiveInfo[];
  readonly #waits = new Map<number, WaitInfo>();
  #nextWait = 1;
  #turn = 0;

  constructor() {
    const kinds = ['Lock', 'RLock', 'Semaphore', 'Lock'] as const;
    this.#threads = Array.from({ length: THREADS }, (_, at) =>
      thread(at === 0 ? 4096 : 5000 + at, at === 0 ? 'MainThread' : `worker-${at}`, {
        kind: at === 0 ? 'main' : 'thread',
        runs: 'crowd',
      }),
    );
    this.#primitives = Array.from({ length: PRIMITIVES }, (_, at) =>
      primitive(100 + at, `lock-${at}`, {
        kind: kinds[at % 4] ?? 'Lock',
        state: at % 4 === 2 ? { value: at % 5, most: null } : { owner: null },
        contention: contention({
          acquires: at * 10,
          contended: at,
          wait: durations(at + 1, 1 + (at % 7), 20 + at),
        }),
      }),
    );
  }

  first(): MonitorMessage[] {
    const [threads, primitives] = [this.#threads, this.#primitives];
    const pools = [pool(1, 'crowd', { maxThreads: 8, busy: 8, completed: this.#turn })];
    return [
      { kind: 'snapshot', now: inspection({ threads, primitives, waits: [...this.#waits.values()], pools }) },
    ];
  }

  next(): MonitorMessage[] {
    const time = Date.now();
    this.#turn++;
    const events: MonitorEvent[] = [];
    const threads: ThreadInfo[] = [];
    const changed = new Map<number, PrimitiveInfo>();
    const waits: WaitInfo[] = [];
    const gone: number[] = [];
    for (let at = 1 + (this.#turn % 2); at < THREADS; at += 2) {
      const one = this.#threads[at] as ThreadInfo;
      const place = (at * 37 + this.#turn * 11) % PRIMITIVES;
      const of = changed.get(100 + place) ?? (this.#primitives[place] as PrimitiveInfo);
      const [before] = one.waits;
      const event = { time, ident: one.ident, primitive: of.id, by: null, face: 'blocking' } as const;
      if (before === undefined) {
        const begun = wait(this.#nextWait++, one.ident, of, { since: time, owner: 5001 });
        this.#waits.set(begun.id, begun);
        waits.push(begun);
        this.#threads[at] = { ...one, activity: 'waiting', since: time, waits: [begun.id] };
        changed.set(of.id, { ...of, queue: [...of.queue, begun.id] });
        events.push({ ...event, event: 'wait' });
      } else {
        const ended = this.#waits.get(before) as WaitInfo;
        const waited =
          changed.get(ended.primitive ?? 0) ??
          (this.#primitives[(ended.primitive ?? 0) - 100] as PrimitiveInfo);
        this.#waits.delete(before);
        gone.push(before);
        this.#threads[at] = { ...one, activity: 'running', since: time, waits: [] };
        const { contended, acquires } = waited.contention;
        changed.set(waited.id, {
          ...waited,
          queue: waited.queue.filter((id) => id !== before),
          contention: { ...waited.contention, contended: contended + 1, acquires: (acquires ?? 0) + 20 },
        });
        events.push({ ...event, primitive: waited.id, event: 'woken' });
      }
      threads.push(this.#threads[at] as ThreadInfo);
    }
    for (const one of changed.values()) this.#primitives[one.id - 100] = one;
    // Counters of the others grow without a wait.
    for (let at = this.#turn % 4; at < PRIMITIVES; at += 4) {
      const one = this.#primitives[at] as PrimitiveInfo;
      const more = {
        ...one,
        contention: { ...one.contention, acquires: (one.contention.acquires ?? 0) + 3 },
      };
      this.#primitives[at] = more;
      changed.set(one.id, more);
    }
    const pools = { set: [{ id: 1, completed: this.#turn * 5, queued: this.#turn % 20 }], gone: [] };
    return [
      {
        kind: 'delta',
        time,
        threads: { set: threads, gone: [] },
        primitives: { set: [...changed.values()], gone: [] },
        pools,
        namespaces: { set: [], gone: [] },
        waits: { set: waits, gone },
      },
      { kind: 'events', events, lost: 0 },
    ];
  }
}
