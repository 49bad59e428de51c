import type { Delta } from '../protocol.js';

/** A row as it is now, and in which version each of its fields has changed last. */
interface Kept<T> {
  row: T;
  readonly born: number;
  readonly changed: Map<keyof T, number>;
}

/**
 * One kind of row of an inspection, such as its threads, over time: what has changed since any version that a reader has
 * seen. Takes memory for the rows there are, and for the keys of those that have gone, however many readers lag behind.
 */
export class Changes<T extends object, K extends keyof T> {
  readonly #key: K;
  readonly #rows = new Map<T[K], Kept<T>>();
  readonly #gone = new Map<T[K], number>();

  constructor(key: K) {
    this.#key = key;
  }

  update(rows: readonly T[], version: number): void {
    const here = new Set<T[K]>();
    for (const row of rows) {
      here.add(row[this.#key]);
      this.#put(row, version);
    }
    if (here.size === this.#rows.size) return;
    for (const key of this.#rows.keys()) {
      if (here.has(key)) continue;
      this.#rows.delete(key);
      this.#gone.set(key, version);
    }
  }

  #put(row: T, version: number): void {
    const key = row[this.#key];
    const kept = this.#rows.get(key);
    if (kept === undefined) {
      this.#rows.set(key, { row, born: version, changed: new Map() });
      this.#gone.delete(key);
      return;
    }
    for (const field of Object.keys(row) as (keyof T)[])
      if (!isSame(kept.row[field], row[field])) kept.changed.set(field, version);
    kept.row = row;
  }

  /** What a reader lacks that has seen `version`; exact for versions that `forget` was not told of. */
  since(version: number): Delta<T, K> {
    const set: (Pick<T, K> & Partial<T>)[] = [];
    for (const { row, born, changed } of this.#rows.values()) {
      if (born > version) set.push(row);
      else {
        const fields = [...changed].filter(([, at]) => at > version).map(([field]) => [field, row[field]]);
        if (fields.length > 0) set.push(Object.fromEntries([[this.#key, row[this.#key]], ...fields]));
      }
    }
    const gone = [...this.#gone].filter(([, at]) => at > version).map(([key]) => key);
    return { set, gone };
  }

  /** No reader will ask for what has changed since a version before this one. */
  forget(before: number): void {
    for (const [key, at] of this.#gone) if (at <= before) this.#gone.delete(key);
  }
}

/** Of plain data. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => key in b && isSame(a[key as keyof typeof a], b[key as keyof typeof b]))
  );
}
