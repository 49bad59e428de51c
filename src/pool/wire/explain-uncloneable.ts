import { types } from 'node:util';
import { show } from '../../primitives/options.js';
import { isCloneError } from './clone-error.js';
import { hasCodec, refusalOf } from './codec.js';
import { isDetached, movesOf } from './transfer.js';
import { isError, isMap, isRecord, isSet } from './value-kinds.js';

/** A value within the one that is explained. */
interface Place {
  readonly value: unknown;
  readonly step: string;
  readonly within: Place | undefined;
  readonly level: number;
}

/** On so many levels a value may always nest. Deeper, it depends on what is left of the stack. */
const DEEP = 1000;
/** So many steps of a long path are shown, of its beginning and of its end. */
const SHOWN = 4;

/**
 * What makes a value impossible to clone, and where it is.
 *
 * @returns such as `args[0].job.run is a function`
 */
export function explainUncloneable(value: unknown, path: string): string | undefined {
  const seen = new Set(moving(value));
  const root: Place = { value, step: path, within: undefined, level: 1 };
  let deepest = root;
  // Not by recursion: a value may be nested deeper than the stack is.
  const ahead: Place[] = [root];
  for (let place = ahead.pop(); place !== undefined; place = ahead.pop()) {
    if (isPrimitiveValue(place.value) || seen.has(place.value)) continue;
    seen.add(place.value);
    if (place.level > deepest.level) deepest = place;
    // Before anything of it is read: a Proxy's traps may throw.
    if (types.isProxy(place.value)) return `${pathTo(place)} is a Proxy`;
    const refusal = typeof place.value === 'object' ? refusalOf(place.value as object) : undefined;
    if (refusal !== undefined) return `${pathTo(place)}: ${refusal}`;
    const inside = placesIn(place);
    const why = typeof inside === 'string' ? inside : explain(place.value, inside.length === 0);
    if (why !== undefined) return `${pathTo(place)} ${why}`;
    for (let at = inside.length - 1; at >= 0; at--) ahead.push(inside[at] as Place);
  }
  if (deepest.level <= DEEP || fits(value)) return undefined;
  return `${pathTo(deepest)} is nested ${deepest.level} levels deep`;
}

function fits(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** What moves with the value, or with one of several in an array: it need not be cloneable. */
function moving(value: unknown): readonly unknown[] {
  try {
    return movesOf(Array.isArray(value) ? [value, ...value] : [value]);
  } catch {
    return [];
  }
}

function isPrimitiveValue(value: unknown): boolean {
  return (
    value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
  );
}

/** What stands in a value, or why it cannot be read. */
function placesIn(within: Place): Place[] | string {
  const { value, level } = within;
  const places: Place[] = [];
  if (typeof value !== 'object' || value === null || hasCodec(value)) return places;
  const add = (step: string, one: unknown): void => {
    if (!isPrimitiveValue(one)) places.push({ value: one, step, within, level: level + 1 });
  };
  if (isMap(value)) {
    for (const [key, one] of value) {
      add(`.keys() ${show(key)}`, key);
      add(`.get(${show(key)})`, one);
    }
  } else if (isSet(value)) for (const one of value) add(`.has(${show(one)})`, one);
  else if (Array.isArray(value) || isRecord(value)) {
    for (const key of Object.keys(value)) {
      try {
        add(stepTo(key, value), Reflect.get(value, key));
      } catch (cause) {
        return `cannot be read: its getter of ${show(key)} throws ${isError(cause) ? textOf(cause) : show(cause)}`;
      }
    }
  }
  return places;
}

function textOf(error: Error): string {
  return `${show(error.name).slice(1, -1)}: ${show(error.message).slice(1, -1)}`;
}

function stepTo(key: string, value: object): string {
  if (Array.isArray(value)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${show(key)}]`;
}

/** Why the value itself cannot be cloned, whatever stands in it. */
function explain(value: unknown, isLeaf: boolean): string | undefined {
  if (typeof value === 'function') return 'is a function';
  if (typeof value === 'symbol') return 'is a symbol';
  if (!isLeaf || hasCodec(value as object)) return undefined;
  try {
    structuredClone(value);
    return undefined;
  } catch (cause) {
    const message = isError(cause) ? cause.message : '';
    const why = /needs transfer/.test(message)
      ? ', which can only move: see transfer()'
      : isDetached(ArrayBuffer.isView(value) ? value.buffer : value)
        ? ', which has moved to another thread before'
        : '';
    return `is ${show(value)}${why}`;
  }
}

function pathTo(place: Place): string {
  const steps: string[] = [];
  for (let one: Place | undefined = place; one !== undefined; one = one.within) steps.push(one.step);
  return shortPath(steps.reverse());
}

/** A path by its steps, the first of which is what it begins at. */
export function shortPath(steps: readonly string[]): string {
  if (steps.length <= 3 * SHOWN) return steps.join('');
  return `${steps.slice(0, SHOWN + 1).join('')}…${steps.slice(-SHOWN).join('')}`;
}

/** The error for a value of threadMap or threadPipe that cannot be sent to its thread. */
export function cannotSend(value: unknown, cause: unknown): TypeError {
  const place = explainUncloneable(value, 'value');
  if (place === undefined && cause instanceof TypeError && !isCloneError(cause)) return cause;
  const found = place ?? (isError(cause) ? cause.message : String(cause));
  return new TypeError(`cannot be sent to a thread: ${found}`, { cause });
}
