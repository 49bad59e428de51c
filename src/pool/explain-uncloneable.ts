import { show } from '../primitives/options.js';
import { isRecord } from './wire.js';

/**
 * What makes a value impossible to clone, and where it is.
 *
 * @returns such as `args[0].job.run is a function`
 */
export function explainUncloneable(value: unknown, path: string): string | undefined {
  return explain(value, path, new Set());
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
  } catch {
    return `${path} is ${show(value)}`;
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
