import { codeOf } from './memory.js';

/** What stands before a value, so that no two graphs come to the same numbers. */
const NUMBER = 1;
const TEXT = 2;
const OTHER = 3;
const MET = 4;
const KNOWN = 5;
const FUNCTION = 6;
const OBJECT = 7;
const END = 8;
const ERROR = 9;
const WEAK = 10;

/** A number for each text. */
const texts = new Map<string, number>();

function numberOf(text: string): number {
  let number = texts.get(text);
  if (number === undefined) {
    number = texts.size;
    texts.set(text, number);
  }
  return number;
}

/**
 * Everything that can be reached from a value, as 64 bits in a text of four characters: equal graphs have equal ones, and
 * others of n are taken for equal with a chance of n² / 2^65. A function counts by which one of its module's it is and by
 * what it captured.
 *
 * @param known - what counts by a number alone
 * @throws Error when there is something that cannot be seen into
 */
export function fingerprint(value: unknown, known: ReadonlyMap<object, number>): string {
  return new Fingerprint(known).of(value);
}

class Fingerprint {
  readonly #known: ReadonlyMap<object, number>;
  readonly #met = new Map<object, number>();
  #low = 0x2545f491;
  #high = 0x1b873593;

  constructor(known: ReadonlyMap<object, number>) {
    this.#known = known;
  }

  of(value: unknown): string {
    this.#walk(value);
    const [low, high] = [this.#low, this.#high];
    return String.fromCharCode(low & 0xffff, low >>> 16, high & 0xffff, high >>> 16);
  }

  #walk(one: unknown): void {
    if ((typeof one !== 'object' && typeof one !== 'function') || one === null) {
      this.#addPlain(one);
      return;
    }
    const met = this.#met.get(one);
    if (met !== undefined) {
      this.#add(MET, met);
      return;
    }
    this.#met.set(one, this.#met.size);
    const serial = this.#known.get(one);
    if (serial !== undefined) this.#add(KNOWN, serial);
    else if (typeof one === 'function') this.#addFunction(one);
    else this.#addObject(one);
  }

  #addPlain(one: unknown): void {
    if (typeof one === 'number' && one === (one | 0)) this.#add(NUMBER, one);
    else if (typeof one === 'string') this.#add(TEXT, numberOf(one));
    else this.#add(OTHER, numberOf(String(one)));
  }

  #addFunction(one: object): void {
    const code = codeOf(one);
    if (code === undefined) throw new Error(`cannot see what this function captured: ${one}`);
    this.#add(FUNCTION, numberOf(code.number));
    this.#walk(code.captured());
  }

  #addObject(one: object): void {
    if (one instanceof Error) {
      this.#add(ERROR, numberOf(String(one)));
      return;
    }
    if (one instanceof WeakSet || one instanceof WeakMap || one instanceof Promise) {
      this.#add(WEAK, 0);
      return;
    }
    if (one instanceof EventTarget) throw new Error('cannot see who listens to an EventTarget');
    this.#add(OBJECT, numberOf(String(one.constructor?.name)));
    if (Array.isArray(one) || one instanceof Map || one instanceof Set) {
      for (const entry of one) this.#walk(entry);
    } else {
      for (const key of Object.keys(one)) {
        this.#add(TEXT, numberOf(key));
        this.#walk((one as Record<string, unknown>)[key]);
      }
    }
    this.#add(END, 0);
  }

  /** Two of MurmurHash3's steps, over 32 bits each. */
  #add(kind: number, value: number): void {
    const mix = Math.imul(value ^ Math.imul(kind, 0x9e3779b1), 0xcc9e2d51);
    const low = this.#low ^ Math.imul((mix << 15) | (mix >>> 17), 0x1b873593);
    this.#low = (Math.imul((low << 13) | (low >>> 19), 5) + 0xe6546b64) | 0;
    const other = Math.imul(value + Math.imul(kind, 0x85ebca6b), 0x38b34ae5);
    const high = this.#high ^ Math.imul((other << 16) | (other >>> 16), 0xa1e38b93);
    this.#high = (Math.imul((high << 15) | (high >>> 17), 5) + 0x561ccd1b) | 0;
  }
}
