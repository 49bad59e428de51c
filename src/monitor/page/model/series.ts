/** A number for each of the last seconds, oldest first. */
export class Series {
  readonly values: (number | null)[];

  constructor(length: number) {
    this.values = Array.from({ length }, () => null);
  }

  push(value: number | null): void {
    this.values.shift();
    this.values.push(value);
  }

  /** null: nothing is known yet. */
  get last(): number | null {
    return this.values.at(-1) ?? null;
  }

  /** The mean of the last `n` that are known. */
  mean(n: number): number | null {
    const known = this.values.slice(-n).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  }
}
