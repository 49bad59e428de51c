import { explainUncloneable, shortPath } from '../pool/wire/explain-uncloneable.js';
import { isPlain } from '../pool/wire/value-kinds.js';
import { show } from '../primitives/options.js';
import type { Codec } from './options.js';

/** Bytes that the arguments of a job may have, encoded. */
export const MOST_ARGS: number = 2 ** 20;
/** The same of a result, a value of a stream, progress: the engine cuts off who has 32 MB before him, at each attempt. */
export const MOST_BYTES: number = 2 ** 24;

/** How values travel with jobs: as text, '' for undefined. */
export class JobCodec {
  readonly #codec: Codec | undefined;

  constructor(codec: Codec | undefined) {
    this.#codec = codec;
  }

  /**
   * @param place - such as `args` or `result`
   * @param most - bytes that it may have
   * @throws TypeError naming the place of what would be lost; RangeError when it is too large
   */
  encode(value: unknown, place: string, most: number = MOST_BYTES): string {
    if (value === undefined) return '';
    const text: unknown = this.#codec === undefined ? encodeJson(value, place) : this.#codec.encode(value);
    if (typeof text !== 'string') throw new TypeError(`codec.encode must give a string, got ${show(text)}`);
    // A UTF-16 unit has three bytes at most.
    const bytes = text.length > most / 3 ? Buffer.byteLength(text) : 0;
    if (bytes > most) throw new RangeError(`${place} must be at most ${most} bytes, encoded, got ${bytes}`);
    return text;
  }

  /** @throws RangeError when they are too large; TypeError */
  encodeArgs(args: readonly unknown[]): string {
    return this.encode(args, 'args', MOST_ARGS);
  }

  /** @throws TypeError when the codec gives no array; what the codec does */
  decodeArgs(text: string): readonly unknown[] {
    const args = this.decode(text);
    if (!Array.isArray(args))
      throw new TypeError(`codec.decode must give an array for the arguments, got ${show(args)}`);
    return args;
  }

  /**
   * The error of a job, for its caller.
   *
   * @param args - what was decoded for it, which stand third among the arguments of what runs in the thread
   */
  explain(error: unknown, args: readonly unknown[]): unknown {
    if (this.#codec === undefined || !(error instanceof TypeError) || !error.message.includes('args[2]'))
      return error;
    const found = explainUncloneable(args, 'args');
    if (found === undefined) return error;
    return new TypeError(`codec.decode must give what can be sent to a thread: ${found}`, { cause: error });
  }

  decode(text: string): unknown {
    if (text === '') return undefined;
    return this.#codec === undefined ? JSON.parse(text) : this.#codec.decode(text);
  }
}

/** @throws TypeError */
function encodeJson(value: unknown, place: string): string {
  const loss = jsonLoss(value);
  if (loss !== undefined) {
    const why =
      loss.isDeep === true ? `, as it nests deeper than ${MOST_LEVELS} levels` : `, got ${show(loss.value)}`;
    throw new TypeError(`${shortPath([place, ...loss.steps])} would not travel as JSON${why}`);
  }
  return JSON.stringify(value);
}

/** What would be lost, and where it is. */
interface Loss {
  readonly steps: readonly string[];
  readonly value: unknown;
  /** It is only in too many others. */
  readonly isDeep?: boolean;
}

/** So deep may nest what is sent: any reader's stack has room for it. */
const MOST_LEVELS = 500;

/**
 * The first thing in the value that JSON.parse would not give back; undefined: there is none. A property whose value is
 * undefined is none, as it reads the same when it is not there; nor is the sign of -0.
 */
export function jsonLoss(value: unknown, within: readonly object[] = []): Loss | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : { steps: [], value };
  if (typeof value !== 'object' || within.includes(value)) return { steps: [], value };
  if (within.length === MOST_LEVELS) return { steps: [], value, isDeep: true };
  const inside = [...within, value];
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const loss = jsonLoss(value[at], inside);
      if (loss !== undefined) return { ...loss, steps: [`[${at}]`, ...loss.steps] };
    }
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return { steps: [], value };
    // A hole is a loss, so all others are behind the indices.
    const more = Object.keys(value)[value.length];
    return more === undefined ? undefined : { steps: [`.${more}`], value: Reflect.get(value, more) };
  }
  if (!isPlain(value) || typeof (value as { toJSON?: unknown }).toJSON === 'function')
    return { steps: [], value };
  const [symbol] = Object.getOwnPropertySymbols(value);
  if (symbol !== undefined) return { steps: [`[${String(symbol)}]`], value: Reflect.get(value, symbol) };
  for (const [key, one] of Object.entries(value)) {
    const loss = one === undefined ? undefined : jsonLoss(one, inside);
    if (loss !== undefined) return { ...loss, steps: [`.${key}`, ...loss.steps] };
  }
  return undefined;
}
