import { types } from 'node:util';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { isBranded, ofAnotherCopy } from '../../primitives/brand.js';
import { show } from '../../primitives/options.js';
import { cloning } from './clone-error.js';
import { type Codec, Copies, ERROR, type StandIn, setOwn } from './copies.js';
import { type ErrorParts, isCloneable, putTogether, unpackOwn } from './error-parts.js';
import { whyUnread } from './port-channel.js';
import { isClosedPort } from './transfer.js';
import { childrenOf, isError, isMap, isPlain, isRecord, isSet } from './value-kinds.js';

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
 * A stand-in has no mark that data could have, too. `Encoded.standIns` lists the very objects that stand in the value,
 * and a clone keeps which object is which.
 *
 * What moves instead of being cloned says transfer.ts; why something can be neither, explain-uncloneable.ts.
 */
export interface Encoded {
  readonly value: unknown;
  readonly hasStandIns: boolean;
  /** Those in `value`; absent without any, so that plain values cost no more than themselves. */
  readonly standIns?: readonly StandIn[];
  /** `value` is a MessagePort, in which the Encoded is the only message: see kept-args.ts. */
  readonly sealed?: true;
}

/** Of the classes that this thread has loaded. A class comes before the one that it extends, which loads first. */
const codecs: Codec[] = [];
/** Last of all: what no class of this copy of the library has made, or none that is loaded here. */
registerCodec({
  kind: 'another copy',
  is: isBranded,
  pack: (value) => {
    throw new TypeError(`cannot send ${show(value)} to a thread${ofAnotherCopy(value)}`);
  },
  unpack: () => undefined,
});

export function registerCodec(codec: Codec): void {
  codecs.unshift(codec);
}

// Node up to 26 ends the process by a segmentation fault where a closed one is cloned.
refuseToTravel(
  'closed port',
  isClosedPort,
  'it is a MessagePort that is closed, or has moved to another thread before',
);

// A clone is an object without `aborted` and without an error, so that a job that is given one would never be aborted.
refuseToTravel(
  'abort signal',
  (value) => value instanceof AbortSignal || value instanceof AbortController,
  'an AbortSignal cannot be sent to a thread: give it to whoever runs the job as its `signal`, and take that of ' +
    "`currentThread()` there; or move Node's transferableAbortSignal(signal)",
);

/** Objects of this kind stay in the thread that made them: sending one is a TypeError that says why. */
export function refuseToTravel(kind: string, is: Codec['is'], why: string): void {
  const refuse = (): never => {
    throw new TypeError(why);
  };
  registerCodec({ kind, is, pack: refuse, unpack: refuse, why });
}

/** Why the object stays in this thread; undefined: it may not have to. */
export function refusalOf(value: object): string | undefined {
  // A Proxy is asked nothing, as its traps may throw.
  return types.isProxy(value) ? undefined : codecFor(value)?.why;
}

function codecFor(value: object): Codec | undefined {
  return codecs.find((codec) => codec.is(value));
}

/** Whether a stand-in takes the object's place. */
export function hasCodec(value: object): boolean {
  return !isPlain(value) && (isError(value) || codecFor(value) !== undefined);
}

/**
 * @param kept - objects to leave as they are, because the port moves them: the members of a transferList
 * @throws DataCloneError when the value cannot be read; TypeError when something in it must stay where it is
 */
export function encode(value: unknown, kept: readonly unknown[] = []): Encoded {
  if (!cloning(() => needsCodec(value))) return { value, hasStandIns: false };
  const copies = new Copies(kept, codecFor);
  return { value: copies.copyOf(value), hasStandIns: true, standIns: copies.standIns };
}

/** For an error or a trace event's argument, which must arrive somehow: as text when it cannot be cloned. */
export function encodeOrShow(value: unknown): Encoded {
  try {
    const encoded = encode(value);
    if (isError(value) || isCloneable(encoded.value)) return encoded;
  } catch {
    // Something in it must stay where it is.
  }
  return { value: show(value), hasStandIns: false };
}

/** @throws whatever a getter or a Proxy's trap throws */
function needsCodec(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const seen = new Set<object>([value]);
  // Grows while it is walked.
  for (const one of seen) {
    if (!Array.isArray(one) && hasCodec(one)) return true;
    for (const child of childrenOf(one)) if (typeof child === 'object' && child !== null) seen.add(child);
  }
  return false;
}

/** @throws ThreadError when something in it cannot become itself again here */
export function decode(encoded: Encoded): unknown {
  const { value, standIns } = encoded.sealed === true ? unseal(encoded.value as MessagePort) : encoded;
  if (standIns === undefined) return value;
  try {
    return putBack(value, standIns);
  } catch (cause) {
    const why = isError(cause) ? cause.message : show(cause);
    throw new ThreadError(`what another thread sent cannot be made again here: ${why}`, {
      code: 'ERR_CLONE',
      cause,
    });
  }
}

function unseal(port: MessagePort): Encoded {
  try {
    return (receiveMessageOnPort(port) as { readonly message: Encoded }).message;
  } catch (cause) {
    throw new ThreadError(`the arguments of the thread cannot be read in its worker: ${whyUnread(cause)}`, {
      code: 'ERR_CLONE',
      cause,
    });
  } finally {
    port.close();
  }
}

/** The objects in the place of their stand-ins. The value is changed: what came through a clone is nobody else's. */
function putBack(value: unknown, standIns: readonly StandIn[]): unknown {
  const made = new Map<unknown, unknown>(standIns.map((one) => [one, make(one)]));
  const seen = new Set<object>();
  const itself = (one: unknown): unknown => {
    if (made.has(one)) return made.get(one);
    if (typeof one === 'object' && one !== null) seen.add(one);
    return one;
  };
  for (const standIn of standIns)
    if (standIn.kind === ERROR) unpackOwn(made.get(standIn) as Error, standIn.packed as ErrorParts, itself);
  const whole = itself(value);
  // Grows while it is walked.
  for (const container of seen) replaceIn(container, itself);
  return whole;
}

function replaceIn(container: object, itself: (value: unknown) => unknown): void {
  if (isMap(container)) {
    const entries = [...container];
    container.clear();
    for (const [key, one] of entries) container.set(itself(key), itself(one));
  } else if (isSet(container)) {
    const members = [...container];
    container.clear();
    for (const one of members) container.add(itself(one));
  } else if (Array.isArray(container) || isRecord(container)) {
    for (const [key, one] of Object.entries(container)) {
      const found = itself(one);
      if (found !== one) setOwn(container, key, found);
    }
  }
}

function make({ kind, packed }: StandIn): unknown {
  if (kind === ERROR) return putTogether(packed as ErrorParts);
  const codec = codecs.find((one) => one.kind === kind);
  if (codec === undefined) throw new TypeError(`no class is loaded here for a ${kind}`);
  return codec.unpack(packed);
}

/** For a listener of a port, which must not throw: calls either function. */
export function decodeTo(
  encoded: Encoded,
  read: (value: unknown) => void,
  failed: (error: ThreadError) => void,
): void {
  let value: unknown;
  try {
    value = decode(encoded);
  } catch (error) {
    failed(error as ThreadError);
    return;
  }
  read(value);
}

/** What was thrown, as it travels: anything may be. */
export type PackedError = Encoded;

export function packError(thrown: unknown): PackedError {
  return encodeOrShow(thrown);
}

/** The error again, or the one that says why it cannot be made again here. */
export function unpackError(packed: PackedError): unknown {
  try {
    return decode(packed);
  } catch (error) {
    return error;
  }
}
