import { show } from '../../primitives/options.js';
import { type ErrorParts, isCloneable, packOwn, putTogether, takeApart, unpackOwn } from './error-parts.js';

/**
 * Values between threads. A port clones what it is given; this room decides what it is given, so that objects that a
 * clone would ruin arrive as themselves:
 *
 *   sender:   encode(value) -> Encoded -> a field of one of messages.ts -> PortChannel.post
 *   receiver: PortChannel -> the message's field -> decode(encoded) -> the value
 *
 * `encode` walks the value once. Where nothing in it needs help, and mostly nothing does, the value itself is what is
 * posted. Otherwise a copy is posted, in which a stand-in takes the place of each Error (taken apart by error-parts.ts)
 * and of each object that a Codec knows: primitives, Threads and Timers, all by their words in shared memory. Codecs
 * are registered by the rooms above as their classes load, because a worker that runs plain functions on plain values
 * loads neither these classes nor rxjs; a receiver that finds stand-ins loads them first (in-worker/load-codecs.ts).
 * Objects that stand in several places, or in themselves, do so at the other end as well.
 *
 * What moves instead of being cloned says transfer.ts; why something can be neither, explain-uncloneable.ts.
 */
export interface Encoded {
  readonly value: unknown;
  readonly hasStandIns: boolean;
}

/** How objects of one kind travel that a structured clone would ruin. */
interface Codec {
  readonly kind: string;
  is(value: object): boolean;
  /** What a clone keeps whole. @throws TypeError when the object must stay where it is */
  pack(value: object): unknown;
  unpack(packed: unknown): unknown;
}

const MARK = 'rxjs-threading:value';
const ERROR = 'error';
/** Of the classes that this thread has loaded. A class comes before the one that it extends, which loads first. */
const codecs: Codec[] = [];

export function registerCodec(codec: Codec): void {
  codecs.unshift(codec);
}

/** Objects of this kind stay in the thread that made them: sending one is a TypeError that says why. */
export function refuseToTravel(kind: string, is: Codec['is'], why: string): void {
  const refuse = (): never => {
    throw new TypeError(why);
  };
  registerCodec({ kind, is, pack: refuse, unpack: refuse });
}

function codecFor(value: object): Codec | undefined {
  return codecs.find((codec) => codec.is(value));
}

/** @param kept - objects to leave as they are, because the port moves them: the members of a transferList */
export function encode(value: unknown, kept: readonly unknown[] = []): Encoded {
  if (!needsCodec(value)) return { value, hasStandIns: false };
  const copies = new Map<unknown, unknown>(kept.map((one) => [one, one]));
  return { value: replace(value, copies), hasStandIns: true };
}

/** For an error or a trace event's argument, which must arrive somehow: as text when it cannot be cloned. */
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
