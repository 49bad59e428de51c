import { cloning } from './clone-error.js';
import { isCloneable, packOwn, takeApart } from './error-parts.js';
import { isError, isMap, isRecord, isSet } from './value-kinds.js';

/** Takes the place of an object that a structured clone would ruin. */
export interface StandIn {
  /** A Codec's, or ERROR. */
  readonly kind: string;
  readonly packed: unknown;
}

/** How objects of one kind travel that a structured clone would ruin. */
export interface Codec {
  readonly kind: string;
  is(value: object): boolean;
  /** What a clone keeps whole. @throws TypeError when the object must stay where it is */
  pack(value: object): unknown;
  unpack(packed: unknown): unknown;
}

/** The kind of an Error's stand-in, which is ErrorParts. */
export const ERROR = 'error';

type Unfilled = readonly [original: object, copy: object];

/** So many Errors may be the cause of one another; what caused these travels as text, so that any thread can read it. */
const MOST_CAUSES = 32;

/**
 * Copies of what stands in a value, with stand-ins in them.
 * Invariant: a call of copyOf leaves #unfilled as it was, so that a call within a call fills its own copies only.
 */
export class Copies {
  readonly standIns: StandIn[] = [];
  readonly #copies: Map<unknown, unknown>;
  readonly #codecFor: (value: object) => Codec | undefined;
  /** How many Errors are being packed, each of which stands in the one before. */
  #errors = 0;
  readonly #unfilled: Unfilled[] = [];

  /** @param kept - objects that are their own copies */
  constructor(kept: readonly unknown[], codecFor: (value: object) => Codec | undefined) {
    this.#codecFor = codecFor;
    this.#copies = new Map(kept.map((one) => [one, one]));
  }

  /** @throws DataCloneError, TypeError: see `encode` */
  copyOf(value: unknown): unknown {
    const before = this.#unfilled.length;
    const copy = this.#place(value);
    // Not by recursion: a value may be nested deeper than the stack is.
    while (this.#unfilled.length > before) {
      const [original, empty] = this.#unfilled.pop() as Unfilled;
      this.#fill(original, empty);
    }
    return copy;
  }

  /** What takes the value's place; a copy of a container is filled later. */
  #place(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (this.#copies.has(value)) return this.#copies.get(value);
    // That of a Proxy that was revoked cannot be told.
    if (cloning(() => isError(value))) return this.#standInForError(value as Error);
    const codec = this.#codecFor(value);
    if (codec !== undefined) return this.#standIn(value, codec.kind, codec.pack(value));
    const empty = emptyLike(value);
    if (empty === undefined) return value;
    this.#copies.set(value, empty);
    this.#unfilled.push([value, empty]);
    return empty;
  }

  #fill(original: object, copy: object): void {
    if (isMap(original))
      for (const [key, one] of original)
        (copy as Map<unknown, unknown>).set(this.#place(key), this.#place(one));
    else if (isSet(original)) for (const one of original) (copy as Set<unknown>).add(this.#place(one));
    else {
      for (const [key, one] of cloning(() => Object.entries(original))) setOwn(copy, key, this.#place(one));
    }
  }

  #standIn(value: object, kind: string, packed: unknown): StandIn {
    const standIn = { kind, packed };
    this.#copies.set(value, standIn);
    this.standIns.push(standIn);
    return standIn;
  }

  #standInForError(error: Error): StandIn {
    const parts = takeApart(error);
    const standIn = this.#standIn(error, ERROR, parts);
    this.#errors++;
    packOwn(error, parts, (value) => this.#copyIfCloneable(value));
    this.#errors--;
    return standIn;
  }

  /** undefined, and nothing left of the attempt, when the value cannot be cloned. */
  #copyIfCloneable(value: unknown): unknown {
    const [copies, standIns, unfilled] = [this.#copies.size, this.standIns.length, this.#unfilled.length];
    try {
      if (isError(value) && this.#errors > MOST_CAUSES) return undefined;
      const copy = this.copyOf(value);
      // An Error's parts always can; to try it would fail, should the Error stand in itself and its packing not be over.
      if (isError(value) || isCloneable(copy)) return copy;
    } catch {
      // Something in it cannot be read, or must stay where it is.
    }
    for (const made of [...this.#copies.keys()].slice(copies)) this.#copies.delete(made);
    this.standIns.length = standIns;
    this.#unfilled.length = unfilled;
    return undefined;
  }
}

/** undefined for what is no container. */
function emptyLike(value: object): object | undefined {
  if (Array.isArray(value)) return new Array(value.length);
  if (isMap(value)) return new Map();
  if (isSet(value)) return new Set();
  return isRecord(value) ? {} : undefined;
}

/** An assignment to `__proto__` would set no property. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key !== '__proto__') (object as Record<string, unknown>)[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}
