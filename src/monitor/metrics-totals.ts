import { type Labels, labelOf, type Sample } from './metrics-exposition.js';
import { rise } from './rise.js';

/** The most names that one label has: each is a series that a database keeps. */
const MOST_NAMES = 200;

/** Names as the values of a label: those that came first, by themselves, all later ones as `other`. */
export class LabelNames {
  readonly #known = new Set<string>();

  /** @param name - null: the program gave none */
  label(name: string | null): string {
    if (name === null) return '';
    if (this.#known.has(name)) return labelOf(name);
    if (this.#known.size >= MOST_NAMES) return 'other';
    this.#known.add(name);
    return labelOf(name);
  }
}

/** One thing's own counts, which rise as long as it lives. */
export interface Counts {
  readonly id: number;
  readonly labels: Labels;
  readonly values: readonly number[];
}

/** So many that are not there now are remembered, in case that they come back. */
const MOST_GONE = 10_000;

/**
 * Counts of things that come and go, summed up by their labels: a sum that never falls, as a counter must not, although
 * those things take their own counts with them. What comes back, such as a worker that is listed while it waits, or a lock
 * whose acquisitions are counted while somebody looks, is counted from where it was.
 */
export class Totals {
  readonly #totals = new Map<string, { readonly labels: Labels; readonly values: number[] }>();
  /** By `id`, those that were there last at the end. */
  readonly #last = new Map<number, readonly number[]>();

  /** @param things - all that there are now */
  count(things: readonly Counts[]): void {
    for (const { id, labels, values } of things) {
      const before = this.#last.get(id) ?? [];
      const total = this.#totalOf(labels, values.length);
      values.forEach((value, at) => {
        total[at] = (total[at] ?? 0) + rise(before[at] ?? 0, value);
      });
      this.#last.delete(id);
      this.#last.set(id, values);
    }
    for (const id of this.#last.keys()) {
      if (this.#last.size <= things.length + MOST_GONE) break;
      this.#last.delete(id);
    }
  }

  /** @param samples - of one sum of counts */
  samples(samples: (labels: Labels, values: readonly number[]) => readonly Sample[]): Sample[] {
    return [...this.#totals.values()].flatMap(({ labels, values }) => samples(labels, values));
  }

  #totalOf(labels: Labels, length: number): number[] {
    const key = Object.values(labels).join('\0');
    const known = this.#totals.get(key);
    if (known !== undefined) return known.values;
    const values = Array.from({ length }, () => 0);
    this.#totals.set(key, { labels, values });
    return values;
  }
}

export function counter(at: number): (labels: Labels, values: readonly number[]) => readonly Sample[] {
  return (labels, values) => [{ part: '', labels, value: values[at] as number }];
}
