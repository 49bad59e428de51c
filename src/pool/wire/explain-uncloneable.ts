import { show } from '../../primitives/options.js';
import { isRecord } from './codec.js';
import { isDetached, movesOf } from './transfer.js';

/**
 * What makes a value impossible to clone, and where it is.
 *
 * @returns such as `args[0].job.run is a function`
 */
export function explainUncloneable(value: unknown, path: string): string | undefined {
  return explain(value, path, new Set(moving(value)));
}

/** Whether postMessage threw the error. Node 20 throws a TypeError for an object that can only move. */
export function isCloneError(thrown: unknown): thrown is Error {
  if (thrown instanceof DOMException) return thrown.name === 'DataCloneError';
  return thrown instanceof TypeError && 'code' in thrown;
}

/** What moves with the value, or with one of several in an array: it need not be cloneable. */
function moving(value: unknown): readonly unknown[] {
  try {
    return movesOf(Array.isArray(value) ? [value, ...value] : [value]);
  } catch {
    return [];
  }
}

function explain(value: unknown, path: string, seen: Set<unknown>): string | undefined {
  if (typeof value === 'function') return `${path} is a function`;
  if (typeof value === 'symbol') return `${path} is a symbol`;
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined;
  seen.add(value);
  for (const [step, one] of steps(value)) {
    const found = explain(one, path + step, seen);
    if (found !== undefined) return found;
  }
  try {
    structuredClone(value);
    return undefined;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : '';
    const why = /needs transfer/.test(message)
      ? ', which can only move: see transfer()'
      : isDetached(ArrayBuffer.isView(value) ? value.buffer : value)
        ? ', which has moved to another thread before'
        : '';
    return `${path} is ${show(value)}${why}`;
  }
}

function* steps(value: object): Iterable<[step: string, value: unknown]> {
  if (Array.isArray(value)) for (const [index, one] of value.entries()) yield [`[${index}]`, one];
  else if (value instanceof Map) {
    for (const [key, one] of value) {
      yield [`.keys() ${show(key)}`, key];
      yield [`.get(${show(key)})`, one];
    }
  } else if (value instanceof Set) for (const one of value) yield [`.has(${show(one)})`, one];
  else if (isRecord(value)) {
    for (const [key, one] of Object.entries(value)) {
      yield [/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${show(key)}]`, one];
    }
  }
}

/** The error for a value of threadMap or threadPipe that cannot be sent to its thread. */
export function cannotSend(value: unknown, cause: unknown): TypeError {
  if (cause instanceof TypeError && !isCloneError(cause)) return cause;
  const found =
    explainUncloneable(value, 'value') ?? (cause instanceof Error ? cause.message : String(cause));
  return new TypeError(`cannot be sent to a thread: ${found}`, { cause });
}
