/** Numbers states by their hashes, of 64 bits: two that differ are taken for one with a chance of n² / 2^65 in n. */
export class Seen {
  /** How many there are. */
  size = 0;
  #numbers = new Int32Array(1 << 12);
  #low = new Int32Array(1 << 11);
  #high = new Int32Array(1 << 11);

  /** The number of a state; `size` from before, when it is new. */
  numberOf(low: number, high: number): number {
    const mask = this.#numbers.length - 1;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const number = (this.#numbers[at] as number) - 1;
      if (number === -1) {
        this.#numbers[at] = this.size + 1;
        this.#low = roomFor(this.#low, this.size);
        this.#high = roomFor(this.#high, this.size);
        this.#low[this.size] = low;
        this.#high[this.size] = high;
        if (++this.size * 2 > mask) this.#grow();
        return this.size - 1;
      }
      if (this.#low[number] === low && this.#high[number] === high) return number;
    }
  }

  #grow(): void {
    const mask = this.#numbers.length * 2 - 1;
    this.#numbers = new Int32Array(mask + 1);
    for (let number = 0; number < this.size; number++) {
      let at = (this.#low[number] as number) & mask;
      while (this.#numbers[at] !== 0) at = (at + 1) & mask;
      this.#numbers[at] = number + 1;
    }
  }
}

/** The same numbers, with room for one at that index. */
export function roomFor(numbers: Int32Array<ArrayBuffer>, index: number): Int32Array<ArrayBuffer> {
  if (index < numbers.length) return numbers;
  const longer = new Int32Array(numbers.length * 2);
  longer.set(numbers);
  return longer;
}

const CHUNK = 512;

/** States to go on from, first in, first out, each with its number. */
export class Frontier {
  readonly #width: number;
  readonly #chunks: Int32Array[] = [];
  #first = 0;
  #last = CHUNK;

  constructor(width: number) {
    this.#width = width + 1;
  }

  push(words: Int32Array, number: number): void {
    if (this.#last === CHUNK) {
      this.#chunks.push(new Int32Array(CHUNK * this.#width));
      this.#last = 0;
    }
    const chunk = this.#chunks.at(-1) as Int32Array;
    const at = this.#last++ * this.#width;
    chunk[at] = number;
    chunk.set(words, at + 1);
  }

  /** The next one's number, once its words have been handed over; -1: none is left. */
  shift(take: (words: Int32Array, at: number) => void): number {
    const [chunk] = this.#chunks;
    if (chunk === undefined || (this.#chunks.length === 1 && this.#first === this.#last)) return -1;
    const at = this.#first++ * this.#width;
    take(chunk, at + 1);
    if (this.#first === CHUNK) {
      this.#chunks.shift();
      this.#first = 0;
    }
    return chunk[at] as number;
  }
}
