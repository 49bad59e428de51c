import { BrokenBarrierError, OwnerDiedError, ThreadError, type ThreadErrorCode } from '../../errors.js';
import { show } from '../../primitives/options.js';
import { nestsDeeper, read, textOf } from './value-kinds.js';

/** An Error as it travels. A structured clone would lose its class's name and what hangs on it. */
export interface ErrorParts {
  /** Names of its class and of those it extends. */
  readonly kinds: readonly string[];
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its cause, its errors and all else that is its own. */
  readonly own: OwnProperty[];
}
type OwnProperty = readonly [key: string, value: unknown, enumerable: boolean];

/** Classes of errors that are made again as such. An error of another class becomes one of the nearest that it extends. */
const makers: Record<string, (message: string, parts: ErrorParts) => Error> = {
  OwnerDiedError: (message, parts) => new OwnerDiedError(message, { owner: ownOf(parts, 'owner') as number }),
  BrokenBarrierError: (message) => new BrokenBarrierError(message),
  ThreadError: (message, parts) =>
    new ThreadError(message, { code: ownOf(parts, 'code') as ThreadErrorCode }),
  DOMException: (message, { name }) => new DOMException(message, name),
  AggregateError: (message) => new AggregateError([], message),
  TypeError: (message) => new TypeError(message),
  RangeError: (message) => new RangeError(message),
  SyntaxError: (message) => new SyntaxError(message),
  ReferenceError: (message) => new ReferenceError(message),
  EvalError: (message) => new EvalError(message),
  URIError: (message) => new URIError(message),
  Error: (message) => new Error(message),
};

/** For a room above that has loaded the class. */
export function addErrorKind(kind: string, make: (message: string) => Error): void {
  makers[kind] = make;
}

function ownOf({ own }: ErrorParts, name: string): unknown {
  return own.find(([key]) => key === name)?.[1];
}

/**
 * All but its own properties, which packOwn adds. Nothing keeps an error's name, message and stack from being anything, or from
 * being getters that throw.
 */
export function takeApart(error: Error): ErrorParts {
  const stack = read(error, 'stack');
  return {
    kinds: kindsOf(error),
    name: nameOf(error),
    message: textOf(read(error, 'message') ?? ''),
    stack: stack === undefined ? undefined : textOf(stack),
    own: [],
  };
}

/** The error's name; its class's, where the class has not set one and has that of a class of the language. */
function nameOf(error: Error): string {
  const ofClass = classNameOf(error);
  const name = textOf(read(error, 'name') ?? ofClass ?? 'Error');
  return Object.hasOwn(makers, name) && ofClass !== undefined && ofClass !== '' ? ofClass : name;
}

function kindsOf(error: Error): string[] {
  const kinds: string[] = [];
  for (let one: unknown = Object.getPrototypeOf(error); one !== null; one = Object.getPrototypeOf(one)) {
    const name = classNameOf(one as object);
    if (name !== undefined) kinds.push(name);
  }
  return kinds;
}

function classNameOf(object: object): string | undefined {
  const madeBy = read(object, 'constructor');
  const name = typeof madeBy === 'function' ? read(madeBy, 'name') : undefined;
  return typeof name === 'string' ? name : undefined;
}

/**
 * Adds the error's own properties, as far as they can be cloned; its cause and its errors as text where they cannot.
 *
 * @param replace - makes a value one that can be cloned; undefined when there is none
 */
export function packOwn(error: Error, parts: ErrorParts, replace: (value: unknown) => unknown): void {
  const replaceOrShow = (value: unknown): unknown => replace(value) ?? show(value);
  for (const key of Object.getOwnPropertyNames(error)) {
    if (key === 'name' || key === 'message' || key === 'stack') continue;
    const value = read(error, key);
    if (value === undefined) continue;
    let packed: unknown;
    if (key === 'cause') packed = replaceOrShow(value);
    else if (key === 'errors' && Array.isArray(value)) packed = value.map(replaceOrShow);
    else packed = replace(value);
    if (packed !== undefined)
      parts.own.push([key, packed, Object.prototype.propertyIsEnumerable.call(error, key)]);
  }
}

/** So deep may nest what an error carries: any thread can read it then, however little stack it has left. */
const MOST_LEVELS = 200;

/** Whether a structured clone takes the value, and any thread can read it. */
export function isCloneable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return typeof value !== 'function' && typeof value !== 'symbol';
  if (nestsDeeper(value, MOST_LEVELS)) return false;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** All but its own properties, which unpackOwn adds. */
export function putTogether(parts: ErrorParts): Error {
  const { kinds, name, message, stack } = parts;
  const kind = kinds.find((one) => Object.hasOwn(makers, one)) ?? 'Error';
  const error = (makers[kind] ?? makers.Error ?? Error)(message, parts);
  if (error.message !== message) define(error, 'message', message, false);
  // An instance of a user's class is here one of a class of the language: it shows the name of its own.
  if (error.name !== name) define(error, 'name', name, false);
  if (stack !== undefined) define(error, 'stack', stack, false);
  return error;
}

/** @param restore - undoes what `replace` did */
export function unpackOwn(error: Error, { own }: ErrorParts, restore: (value: unknown) => unknown): void {
  for (const [key, value, enumerable] of own) define(error, key, restore(value), enumerable);
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
}
