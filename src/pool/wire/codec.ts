import { show } from '../../primitives/options.js';
import { type ErrorParts, isCloneable, packOwn, putTogether, takeApart, unpackOwn } from './error-parts.js';

/**
 * Values on their way between threads: structured-cloned, with primitives, Threads and Errors in them replaced by marks
 * that become themselves again. A value without any goes as it is and costs the other side nothing.
 */
export interface Encoded {
  readonly value: unknown;
  readonly hasStandIns: boolean;
}

/** A kind of object that a structured clone would ruin. */
export interface Codec {
  readonly kind: string;
  is(value: object): boolean;
  /** A cloneable stand-in. @throws TypeError when it must stay where it is. */
  pack(value: object): unknown;
  unpack(packed: unknown): unknown;
}

const MARK = 'rxjs-threading:value';
const ERROR = 'error';
/** Those whose classes somebody has loaded; a class that extends another comes before it. */
const codecs: Codec[] = [];

export function registerCodec(codec: Codec): void {
  codecs.unshift(codec);
}

function codecFor(value: object): Codec | undefined {
  return codecs.find((codec) => codec.is(value));
}

/** @param kept - what is to arrive as itself, such as the members of a transferList */
export function encode(value: unknown, kept: readonly unknown[] = []): Encoded {
  if (!needsCodec(value)) return { value, hasStandIns: false };
  const copies = new Map<unknown, unknown>(kept.map((one) => [one, one]));
  return { value: replace(value, copies), hasStandIns: true };
}

/** A value that must arrive somehow: as text when it cannot be cloned. */
export function encodeOrShow(value: unknown): Encoded {
  try {
    const encoded = encode(value);
    if (value instanceof Error || isCloneable(encoded.value)) return encoded;
  } catch {
    // Something in it must stay where it is.
  }
  return { value: show(value), hasStandIns: false };
}

export function decode(encoded: Encoded): unknown {
  return encoded.hasStandIns ? restore(encoded.value, new Map()) : encoded.value;
}

function isContainer(value: object): boolean {
  return Array.isArray(value) || value instanceof Map || value instanceof Set || isRecord(value);
}

/** A plain object, or an instance of a class of the user's, which arrives as a plain object. */
export function isRecord(value: object): boolean {
  if (Object.prototype.toString.call(value) === '[object Object]') return true;
  if (!(Symbol.toStringTag in value) || ArrayBuffer.isView(value)) return false;
  const madeBy: unknown = value.constructor;
  return typeof madeBy !== 'function' || Reflect.get(globalThis, madeBy.name) !== madeBy;
}

function childrenOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value;
  if (value instanceof Set) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return isRecord(value) ? Object.values(value) : [];
}

function needsCodec(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const seen = new Set<object>([value]);
  // Grows while it is walked.
  for (const one of seen) {
    if (one instanceof Error || codecFor(one) !== undefined) return true;
    for (const child of childrenOf(one)) if (typeof child === 'object' && child !== null) seen.add(child);
  }
  return false;
}

function replace(value: unknown, copies: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  if (value instanceof Error) return replaceError(value, copies);
  const codec = codecFor(value);
  if (codec !== undefined) {
    const mark = { [MARK]: codec.kind, packed: codec.pack(value) };
    copies.set(value, mark);
    return mark;
  }
  if (!isContainer(value)) return value;
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, one] of value) copy.set(replace(key, copies), replace(one, copies));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    copies.set(value, copy);
    for (const one of value) copy.add(replace(one, copies));
    return copy;
  }
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? new Array(value.length) : {};
  copies.set(value, copy);
  for (const [key, one] of Object.entries(value))
    (copy as Record<string, unknown>)[key] = replace(one, copies);
  return copy;
}

function replaceError(error: Error, copies: Map<unknown, unknown>): unknown {
  const packed = takeApart(error);
  const mark = { [MARK]: ERROR, packed };
  copies.set(error, mark);
  packOwn(error, packed, (value) => replace(value, copies));
  return mark;
}

function restoreError(parts: ErrorParts, mark: object, seen: Map<unknown, unknown>): Error {
  const error = putTogether(parts);
  seen.set(mark, error);
  unpackOwn(error, parts, (value) => restore(value, seen));
  return error;
}

/** In place: what came through a structured clone is nobody else's. */
function restore(value: unknown, seen: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  if (isRecord(value) && MARK in value) {
    const { [MARK]: kind, packed } = value as { [MARK]: unknown; packed: unknown };
    if (kind === ERROR) return restoreError(packed as ErrorParts, value, seen);
    const codec = codecs.find((one) => one.kind === kind)?.unpack(packed);
    seen.set(value, codec);
    return codec;
  }
  seen.set(value, value);
  if (value instanceof Map) {
    const entries = [...value];
    value.clear();
    for (const [key, one] of entries) value.set(restore(key, seen), restore(one, seen));
  } else if (value instanceof Set) {
    const members = [...value];
    value.clear();
    for (const one of members) value.add(restore(one, seen));
  } else if (isContainer(value)) {
    const record = value as Record<string, unknown>;
    for (const [key, one] of Object.entries(record)) {
      const codec = restore(one, seen);
      if (codec !== one) record[key] = codec;
    }
  }
  return value;
}

/** What was thrown, as it travels: anything may be. */
export type PackedError = Encoded;

export function packError(thrown: unknown): PackedError {
  return encodeOrShow(thrown);
}

export function unpackError(packed: PackedError): unknown {
  return decode(packed);
}
