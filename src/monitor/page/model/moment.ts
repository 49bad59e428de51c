import type { DistributedDeadlock, MachineInfo, NamespaceInfo } from '../../namespace-info.js';
import type { Delta, MonitorEvent, MonitorMessage } from '../../protocol.js';
import { rise } from '../../rise.js';
import type {
  Deadlock,
  Finding,
  Inspection,
  LimitsInfo,
  PoolInfo,
  PrimitiveInfo,
  ProcessInfo,
  ThreadInfo,
  WaitInfo,
} from '../../types.js';
import { History } from './history.js';
import { Lanes } from './lanes.js';
import { Usages } from './usages.js';

/** Events that are kept to be listed. */
const MOST_EVENTS = 400;
/** ms: a clock of the process that is this much off belongs to another machine, and is not followed in one step. */
const SKEW_FORGOTTEN = 1000;

/** What the drawer shows. A machine has the id of its session. */
export type Selected =
  | { readonly kind: 'thread' | 'primitive' | 'pool'; readonly id: number }
  | { readonly kind: 'machine'; readonly id: string };

/** A machine, and the namespace in which it is seen. */
export interface SeenMachine {
  readonly machine: MachineInfo;
  readonly namespace: NamespaceInfo;
}

/** What the process was at the last message, and what the page remembers of the time before. */
export class Moment {
  process: ProcessInfo | null = null;
  limits: LimitsInfo | null = null;
  findings: readonly Finding[] = [];
  readonly threads: Map<number, ThreadInfo> = new Map();
  readonly primitives: Map<number, PrimitiveInfo> = new Map();
  readonly pools: Map<number, PoolInfo> = new Map();
  readonly waits: Map<number, WaitInfo> = new Map();
  readonly namespaces: Map<string, NamespaceInfo> = new Map();
  readonly lanes: Lanes = new Lanes();
  readonly usages: Usages = new Usages();
  readonly history: History = new History();
  /** Oldest first. */
  readonly events: MonitorEvent[] = [];
  /** Changes whenever `events` does. */
  eventCount = 0;
  /** Of the last message, in the process's clock. */
  time = 0;
  #skew = 0;
  /** The time of the last event before the snapshot that was taken last: with it come events that were told before. */
  #told = Number.NEGATIVE_INFINITY;

  /** Now, in the process's clock. */
  now(): number {
    return this.at(Date.now());
  }

  /** A time of the browser's clock (ms), in the process's. */
  at(time: number): number {
    return time + this.#skew;
  }

  apply(message: MonitorMessage): void {
    if (message.kind === 'snapshot') this.#replace(message.now);
    else if (message.kind === 'events') for (const event of message.events) this.#event(event);
    else if (message.kind === 'delta') {
      this.#heard(message.time);
      this.#threads(message.threads);
      this.#primitives(message.primitives);
      this.#pools(message.pools);
      merge(this.waits, message.waits, ({ id }) => id);
      merge(this.namespaces, message.namespaces, ({ session }) => session);
      if (message.findings !== undefined) this.findings = message.findings;
      if (message.process !== undefined) this.process = message.process;
      if (message.limits !== undefined) this.limits = message.limits;
    }
  }

  /** Once a frame, after its messages. */
  settle(): void {
    const now = this.now();
    this.usages.tick(now, this.primitives.values());
    this.history.tick(now, this);
  }

  deadlocks(): Deadlock[] {
    return this.findings.filter((finding) => finding.kind === 'deadlock');
  }

  /** The deadlock that a thread is in; one that only waits behind it is not. */
  deadlockOf(ident: number): Deadlock | undefined {
    return this.deadlocks().find(({ cycle }) => cycle.some(({ wait }) => wait.ident === ident));
  }

  /** Of a namespace. */
  distributedDeadlocks(namespace: string): DistributedDeadlock[] {
    return this.findings.filter(
      (finding) => finding.kind === 'distributed-deadlock' && finding.namespace === namespace,
    ) as DistributedDeadlock[];
  }

  machine(session: string): SeenMachine | undefined {
    for (const namespace of this.namespaces.values()) {
      const machine = namespace.machines.find((one) => one.session === session);
      if (machine !== undefined) return { machine, namespace };
    }
    return undefined;
  }

  threadName(ident: number): string {
    const known = this.threads.get(ident)?.name;
    if (known !== undefined) return known;
    const pool = this.lanes.of(ident)?.thread.pool;
    return pool == null ? `thread ${ident}` : `a job of ${pool}`;
  }

  primitiveName(id: number): string {
    return this.primitives.get(id)?.name ?? `number ${id}`;
  }

  #replace(now: Inspection): void {
    const { process } = this;
    const another =
      process !== null && (process.pid !== now.process.pid || process.started !== now.process.started);
    if (another) this.#forget();
    this.#told = this.events.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
    this.#skew = now.time - Date.now();
    this.#heard(now.time);
    this.process = now.process;
    this.limits = now.limits;
    this.findings = now.findings;
    this.#threads(from(this.threads, now.threads, ({ ident }) => ident));
    this.#primitives(from(this.primitives, now.primitives, ({ id }) => id));
    this.#pools(from(this.pools, now.pools, ({ id }) => id));
    this.waits.clear();
    for (const wait of now.waits) this.waits.set(wait.id, wait);
    this.namespaces.clear();
    for (const one of now.namespaces) this.namespaces.set(one.session, one);
  }

  #forget(): void {
    this.lanes.clear();
    this.usages.clear();
    this.history.clear();
    this.events.length = 0;
    this.threads.clear();
    this.primitives.clear();
    this.pools.clear();
  }

  /** The message that came quickest tells best how far the two clocks are apart. */
  #heard(time: number): void {
    const skew = time - Date.now();
    if (skew > this.#skew || skew < this.#skew - SKEW_FORGOTTEN) this.#skew = skew;
    this.time = time;
  }

  #threads(delta: Delta<ThreadInfo, 'ident'>): void {
    merge(
      this.threads,
      delta,
      ({ ident }) => ident,
      (thread) => this.lanes.set(thread, this.time),
    );
    // After those that take their place in the lane of a worker.
    for (const ident of delta.gone) this.lanes.gone(ident);
    this.lanes.forgetBefore(this.time);
  }

  #primitives(delta: Delta<PrimitiveInfo, 'id'>): void {
    for (const id of delta.gone) this.usages.gone(id);
    merge(
      this.primitives,
      delta,
      ({ id }) => id,
      (primitive, before) => {
        this.usages.seen(primitive);
        if (before !== undefined)
          this.history.contended += rise(before.contention.contended, primitive.contention.contended);
      },
    );
  }

  #pools(delta: Delta<PoolInfo, 'id'>): void {
    for (const id of delta.gone) this.history.pools.delete(id);
    merge(
      this.pools,
      delta,
      ({ id }) => id,
      (pool, before) => this.history.pool(pool, before),
    );
  }

  #event(event: MonitorEvent): void {
    if (event.time <= this.#told) return;
    this.lanes.event(event);
    this.usages.event(event);
    this.events.push(event);
    this.eventCount++;
    if (this.events.length > MOST_EVENTS) this.events.splice(0, this.events.length - MOST_EVENTS);
  }
}

function merge<T, K extends keyof T>(
  into: Map<T[K], T>,
  { set, gone }: Delta<T, K>,
  keyOf: (row: Pick<T, K>) => T[K],
  changed?: (now: T, before: T | undefined) => void,
): void {
  for (const key of gone) into.delete(key);
  for (const row of set) {
    const before = into.get(keyOf(row));
    // The first row of a key is whole.
    const now = { ...before, ...row } as T;
    into.set(keyOf(row), now);
    changed?.(now, before);
  }
}

/** The delta that makes `rows` of what there is. */
function from<T, K extends keyof T>(
  there: ReadonlyMap<T[K], T>,
  rows: readonly T[],
  keyOf: (row: T) => T[K],
): Delta<T, K> {
  const keys = new Set(rows.map(keyOf));
  return { set: rows, gone: [...there.keys()].filter((key) => !keys.has(key)) };
}
