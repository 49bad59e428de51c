import { types } from 'node:util';
import { show } from '../../primitives/options.js';

/**
 * What kind of object a value is. An object may come from another realm than this code (a vm context, as Jest has one
 * for each test file), where `instanceof` knows no class of the language: so none of these relies on it.
 */

/** false for a Proxy that does not say, as it was revoked or its trap throws: whoever has caught one must not throw that again. */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  try {
    if (value instanceof Error) return true;
    // Most are of this realm, where that was certain.
    if (value instanceof Object) return false;
    const tag = tagOf(value);
    return tag === '[object Error]' || tag === '[object DOMException]';
  } catch {
    return false;
  }
}

/** A plain object, or an instance of a class of the user's, which a clone turns into a plain object. */
export function isRecord(value: object): boolean {
  if (isPlain(value)) return true;
  if (isOfNode(value)) return false;
  if (tagOf(value) === '[object Object]') return true;
  if (!(Symbol.toStringTag in value) || ArrayBuffer.isView(value)) return false;
  const madeBy: unknown = value.constructor;
  if (typeof madeBy !== 'function') return true;
  return Reflect.get(globalThis, madeBy.name) !== madeBy && !isNative(madeBy);
}

/** By prototype: whether its objects are ones of Node's that a clone keeps, or that can only move. */
const ofNode = new WeakMap<object, boolean>();

/** Such as a BlockList or a FileHandle: Node's classes say by symbols how their objects are cloned or moved. A KeyObject has none. */
function isOfNode(value: object): boolean {
  const made: object = Object.getPrototypeOf(value);
  const known = ofNode.get(made);
  if (known !== undefined) return known;
  let found = tagOf(value) === '[object KeyObject]' && types.isKeyObject(value);
  for (let one: object | null = made; one !== null && !found; one = Object.getPrototypeOf(one))
    found = Object.getOwnPropertySymbols(one).some(({ description }) =>
      description?.startsWith('messaging_'),
    );
  ofNode.set(made, found);
  return found;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

function isNative(madeBy: object): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(madeBy));
}

/** Whether an object is a plain one, in the realm of this code: true is certain, and found out fast. */
export function isPlain(value: object): boolean {
  const made = Object.getPrototypeOf(value);
  return made === Object.prototype || made === null;
}

export function isMap(value: object): value is Map<unknown, unknown> {
  return value instanceof Map || (!(value instanceof Object) && types.isMap(value));
}

export function isSet(value: object): value is Set<unknown> {
  return value instanceof Set || (!(value instanceof Object) && types.isSet(value));
}

const NOTHING: readonly unknown[] = [];
const { includes } = Array.prototype;

/** What stands in an object and is cloned with it. @throws whatever a getter throws */
export function childrenOf(value: object): Iterable<unknown> {
  // Not hole by hole: an array with one item may have a length of four billion, which a clone goes through at once.
  if (Array.isArray(value)) return includes.call(value, undefined) ? Object.values(value) : value;
  if (isSet(value)) return value;
  if (isMap(value)) return [...value.keys(), ...value.values()];
  return isRecord(value) ? Object.values(value) : NOTHING;
}

/** Whether objects stand in one another on more levels than that, in the order in which a clone goes through them. */
export function nestsDeeper(value: object, levels: number): boolean {
  const seen = new Set<object>();
  const ahead: (readonly [one: object, level: number])[] = [[value, 1]];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const [one, level] = next;
    if (seen.has(one)) continue;
    if (level > levels) return true;
    seen.add(one);
    for (const child of [...childrenOf(one)].reverse())
      if (typeof child === 'object' && child !== null) ahead.push([child, level + 1]);
  }
  return false;
}

/** What was thrown, in a line: anything may be, and an error's name and message may be anything. */
export function saidBy(thrown: unknown): string {
  if (isError(thrown)) return `${textOf(read(thrown, 'name'))}: ${textOf(read(thrown, 'message'))}`;
  return textOf(thrown);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : show(value);
}

/** A property of an object of the user's; undefined when its getter throws. */
export function read(object: object, key: string): unknown {
  try {
    return Reflect.get(object, key);
  } catch {
    return undefined;
  }
}
