import { isPlain } from '../pool/wire/value-kinds.js';
import { show } from '../primitives/options.js';
import type { Codec } from './options.js';

/** Bytes that the arguments of a job may have, encoded. */
export const MOST_ARGS: number = 2 ** 20;

/** How values travel with jobs: as text, '' for undefined. */
export class JobCodec {
  readonly #codec: Codec | undefined;

  constructor(codec: Codec | undefined) {
    this.#codec = codec;
  }

  /** @param place - such as `args` or `result` @throws TypeError naming the place of what would be lost */
  encode(value: unknown, place: string): string {
    if (value === undefined) return '';
    if (this.#codec === undefined) return encodeJson(value, place);
    const text: unknown = this.#codec.encode(value);
    if (typeof text !== 'string') throw new TypeError(`codec.encode must give a string, got ${show(text)}`);
    return text;
  }

  /** @throws RangeError when they are too large; TypeError */
  encodeArgs(args: readonly unknown[]): string {
    const text = this.encode(args, 'args');
    const bytes = Buffer.byteLength(text);
    if (bytes > MOST_ARGS)
      throw new RangeError(`args must be at most ${MOST_ARGS} bytes, encoded, got ${bytes}`);
    return text;
  }

  decode(text: string): unknown {
    if (text === '') return undefined;
    return this.#codec === undefined ? JSON.parse(text) : this.#codec.decode(text);
  }
}

/** @throws TypeError */
function encodeJson(value: unknown, place: string): string {
  const loss = jsonLoss(value);
  if (loss !== undefined)
    throw new TypeError(`${place}${loss.path} would not travel as JSON, got ${show(loss.value)}`);
  return JSON.stringify(value);
}

/** What would be lost, and where it is. */
interface Loss {
  readonly path: string;
  readonly value: unknown;
}

/** So deep may nest what is sent: any reader's stack has room for it. */
const MOST_LEVELS = 500;

/**
 * The first thing in the value that JSON.parse would not give back; undefined: there is none. A property whose value is
 * undefined is none, as it reads the same when it is not there; nor is the sign of -0.
 */
export function jsonLoss(value: unknown, within: readonly object[] = []): Loss | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : { path: '', value };
  if (typeof value !== 'object' || within.length === MOST_LEVELS || within.includes(value))
    return { path: '', value };
  const inside = [...within, value];
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const loss = jsonLoss(value[at], inside);
      if (loss !== undefined) return { ...loss, path: `[${at}]${loss.path}` };
    }
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return { path: '', value };
    // A hole is a loss, so all others are behind the indices.
    const more = Object.keys(value)[value.length];
    return more === undefined ? undefined : { path: `.${more}`, value: Reflect.get(value, more) };
  }
  if (!isPlain(value) || typeof (value as { toJSON?: unknown }).toJSON === 'function')
    return { path: '', value };
  const [symbol] = Object.getOwnPropertySymbols(value);
  if (symbol !== undefined) return { path: `[${String(symbol)}]`, value: Reflect.get(value, symbol) };
  for (const [key, one] of Object.entries(value)) {
    const loss = one === undefined ? undefined : jsonLoss(one, inside);
    if (loss !== undefined) return { ...loss, path: `.${key}${loss.path}` };
  }
  return undefined;
}
