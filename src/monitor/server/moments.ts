import type { NamespaceInfo } from '../namespace-info.js';
import type {
  Finding,
  Inspection,
  LimitsInfo,
  PoolInfo,
  PrimitiveInfo,
  ProcessInfo,
  ThreadInfo,
  WaitInfo,
} from '../types.js';
import { Changes } from './changes.js';

/** What is told as a whole when it has changed. */
interface Rest {
  readonly rest: 0;
  readonly process: ProcessInfo;
  readonly findings: readonly Finding[];
  readonly limits: LimitsInfo;
}

/** The moments that a feed has seen: the last one, and what has changed on the way to it. */
export class Moments {
  readonly #threads = new Changes<ThreadInfo, 'ident'>('ident');
  readonly #primitives = new Changes<PrimitiveInfo, 'id'>('id');
  readonly #pools = new Changes<PoolInfo, 'id'>('id');
  readonly #waits = new Changes<WaitInfo, 'id'>('id');
  readonly #namespaces = new Changes<NamespaceInfo, 'session'>('session');
  readonly #rest = new Changes<Rest, 'rest'>('rest');
  readonly #all: readonly { forget(before: number): void }[] = [
    this.#threads,
    this.#primitives,
    this.#pools,
    this.#waits,
    this.#namespaces,
  ];
  #last: Inspection | undefined;

  update(moment: Inspection, version: number): void {
    this.#last = moment;
    const { threads, primitives, pools, waits, namespaces, process, findings, limits } = moment;
    this.#threads.update(threads, version);
    this.#primitives.update(primitives, version);
    this.#pools.update(pools, version);
    this.#waits.update(waits, version);
    this.#namespaces.update(namespaces, version);
    this.#rest.update([{ rest: 0, process, findings, limits }], version);
  }

  /** The data of a snapshot. */
  snapshot(): object {
    return { now: this.#last };
  }

  /** The data of a delta for who has seen a version; undefined: nothing has changed. */
  since(version: number): object | undefined {
    const threads = this.#threads.since(version);
    const primitives = this.#primitives.since(version);
    const pools = this.#pools.since(version);
    const waits = this.#waits.since(version);
    const namespaces = this.#namespaces.since(version);
    const { rest: _, ...rest } = this.#rest.since(version).set[0] ?? { rest: 0 };
    const rows = [threads, primitives, pools, waits, namespaces];
    if (rows.every(({ set, gone }) => set.length + gone.length === 0) && Object.keys(rest).length === 0)
      return undefined;
    return { time: this.#last?.time, threads, primitives, pools, waits, namespaces, ...rest };
  }

  /** Nobody will ask for what has changed since a version before this one. */
  forget(before: number): void {
    for (const rows of this.#all) rows.forget(before);
  }
}
