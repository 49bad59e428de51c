import type { MonitorEvent } from '../../protocol.js';
import { rise } from '../../rise.js';
import type { PrimitiveInfo, WaitInfo } from '../../types.js';

/** The buckets of `Usage.histogram` begin here, a third of a decade each: 10 µs to 10 s and more. */
export const BUCKETS = 19;

/** What the page has seen of one primitive, beside what the process tells of it. */
interface Usage {
  /** Acquisitions a second; null: not counted. */
  rate: number | null;
  acquires: number | null;
  /** Time waited for it, by the end of each of the last steps. */
  readonly waited: number[];
  /** Waits that ended while the page looked, by how long they took. */
  histogram: Uint32Array | null;
}

/** ms of a step of `Usage.waited`; a minute has six. */
const STEP = 10_000;
const STEPS = 6;
const MOST_BEGUN = 20_000;

/** Rates, cost and histograms of primitives, from how their numbers grow and from the events of their waits. */
export class Usages {
  readonly #of = new Map<number, Usage>();
  /** When the waits that are not over began, by thread and primitive. */
  readonly #begun = new Map<string, number>();
  #stepped = 0;
  #rated = 0;

  seen({ id, contention }: PrimitiveInfo): void {
    if (this.#of.has(id)) return;
    const usage = {
      rate: null,
      acquires: contention.acquires,
      waited: [contention.wait.total],
      histogram: null,
    };
    this.#of.set(id, usage);
  }

  gone(id: number): void {
    this.#of.delete(id);
  }

  clear(): void {
    this.#of.clear();
    this.#begun.clear();
  }

  /** Called now and then; it decides itself what is due. */
  tick(now: number, primitives: Iterable<PrimitiveInfo>): void {
    const rates = now - this.#rated >= 1000;
    const steps = now - this.#stepped >= STEP;
    if (!rates && !steps) return;
    for (const { id, contention } of primitives) {
      const usage = this.#of.get(id);
      if (usage === undefined) continue;
      if (rates) {
        const { acquires } = contention;
        if (acquires !== null && usage.acquires !== null) {
          const measured = (rise(usage.acquires, acquires) * 1000) / (now - this.#rated);
          // Half of it is the second before: a number that jumps cannot be read.
          usage.rate = usage.rate === null ? measured : (usage.rate + measured) / 2;
        }
        usage.acquires = acquires;
      }
      if (steps) {
        usage.waited.push(contention.wait.total);
        if (usage.waited.length > STEPS) usage.waited.shift();
      }
    }
    if (rates) this.#rated = now;
    if (steps) this.#stepped = now;
  }

  rate(id: number): number | null {
    return this.#of.get(id)?.rate ?? null;
  }

  histogram(id: number): Uint32Array | null {
    return this.#of.get(id)?.histogram ?? null;
  }

  /** ms that threads waited for it in the last minute, those that still do included. */
  cost({ id, queue, contention }: PrimitiveInfo, waits: ReadonlyMap<number, WaitInfo>, now: number): number {
    const before = this.#of.get(id)?.waited[0] ?? contention.wait.total;
    let cost = contention.wait.total - before;
    for (const wait of queue) {
      const one = waits.get(wait);
      if (one !== undefined) cost += Math.min(now - one.since, STEP * STEPS) * one.count;
    }
    return cost;
  }

  event({ time, ident, event, primitive }: MonitorEvent): void {
    if (primitive === null) return;
    const key = `${ident} ${primitive}`;
    if (event === 'wait') {
      // Those of killed threads never end.
      if (this.#begun.size >= MOST_BEGUN) this.#begun.clear();
      this.#begun.set(key, time);
    } else if (event === 'woken' || event === 'timeout' || event === 'left') {
      const begun = this.#begun.get(key);
      this.#begun.delete(key);
      const usage = this.#of.get(primitive);
      if (begun === undefined || usage === undefined) return;
      usage.histogram ??= new Uint32Array(BUCKETS);
      const bucket = Math.floor(3 * Math.log10(Math.max(time - begun, 0.01) / 0.01));
      const place = Math.min(Math.max(bucket, 0), BUCKETS - 1);
      usage.histogram[place] = (usage.histogram[place] ?? 0) + 1;
    }
  }
}
