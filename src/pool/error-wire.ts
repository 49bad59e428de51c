import { BrokenBarrierError, OwnerDiedError, ThreadError, type ThreadErrorCode } from '../errors.js';
import { show } from '../primitives/options.js';
import { decode, encode, type Wired } from './wire.js';

/** What was thrown, as it travels. A structured clone alone would lose its class's name, code, fields and cause. */
export type PackedError =
  | { readonly thrown: Wired }
  | {
      readonly kind: string;
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly cause: PackedError | null;
      readonly errors: readonly PackedError[];
      /** Its own fields, as far as they can be cloned. */
      readonly fields: Readonly<Record<string, Wired>>;
    };

/** Made again as instances of themselves; others as instances of the nearest of these. */
const makers: Record<string, (message: string, fields: Record<string, unknown>, name: string) => Error> = {
  OwnerDiedError: (message, fields) => new OwnerDiedError(message, { owner: fields.owner as number }),
  BrokenBarrierError: (message) => new BrokenBarrierError(message),
  ThreadError: (message, fields) => new ThreadError(message, { code: fields.code as ThreadErrorCode }),
  DOMException: (message, _, name) => new DOMException(message, name),
  AggregateError: (message) => new AggregateError([], message),
  TypeError: (message) => new TypeError(message),
  RangeError: (message) => new RangeError(message),
  SyntaxError: (message) => new SyntaxError(message),
  ReferenceError: (message) => new ReferenceError(message),
  EvalError: (message) => new EvalError(message),
  URIError: (message) => new URIError(message),
  Error: (message) => new Error(message),
};

/** More errors that are made again as instances of themselves. */
export function addErrorKind(kind: string, make: (message: string) => Error): void {
  makers[kind] = make;
}

/** A chain of causes is cut where it comes back to itself. */
export function packError(error: unknown, seen: Set<unknown> = new Set()): PackedError {
  if (!(error instanceof Error) || seen.has(error)) return { thrown: packThrown(error) };
  seen.add(error);
  const fields: Record<string, Wired> = {};
  for (const key of Object.keys(error)) {
    if (['name', 'message', 'stack', 'cause', 'errors'].includes(key)) continue;
    const wired = packField(error, key);
    if (wired !== undefined) fields[key] = wired;
  }
  return {
    kind: kindOf(error),
    name: nameOf(error),
    message: String(error.message),
    stack: error.stack === undefined ? undefined : String(error.stack),
    cause: error.cause === undefined ? null : packError(error.cause, seen),
    errors: error instanceof AggregateError ? error.errors.map((one) => packError(one, seen)) : [],
    fields,
  };
}

/** undefined when it cannot be read, or not cloned. */
function packField(error: Error, key: string): Wired | undefined {
  try {
    const wired = encode(Reflect.get(error, key));
    return isCloneable(wired.value) ? wired : undefined;
  } catch {
    return undefined;
  }
}

function packThrown(thrown: unknown): Wired {
  const wired = encode(thrown);
  return isCloneable(wired.value) ? wired : { value: show(thrown), marked: false };
}

/** Whether a structured clone takes it. */
export function isCloneable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return typeof value !== 'function' && typeof value !== 'symbol';
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** That of its class, where the class has none but its base's. */
function nameOf(error: Error): string {
  const ofClass = error.constructor?.name;
  return Object.hasOwn(makers, error.name) && ofClass !== undefined && ofClass !== '' ? ofClass : error.name;
}

function kindOf(error: Error): string {
  for (let one: unknown = error; one !== null; one = Object.getPrototypeOf(one)) {
    const name = (one as Error).constructor?.name;
    if (name !== undefined && Object.hasOwn(makers, name)) return name;
  }
  return 'Error';
}

export function unpackError(packed: PackedError): unknown {
  if ('thrown' in packed) return decode(packed.thrown);
  const { kind, name, message, stack, cause, errors } = packed;
  const fields: Record<string, unknown> = {};
  for (const [key, wired] of Object.entries(packed.fields)) fields[key] = decode(wired);
  const error = (makers[kind] ?? makers.Error ?? Error)(message, fields, name);
  // An error of the language has its name from its class; one of the user's shows that of his class.
  if (error.name !== name) hide(error, 'name', name);
  if (stack !== undefined) hide(error, 'stack', stack);
  if (cause !== null) hide(error, 'cause', unpackError(cause));
  if (error instanceof AggregateError) hide(error, 'errors', errors.map(unpackError));
  for (const [key, value] of Object.entries(fields)) Object.assign(error, { [key]: value });
  return error;
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}
