/**
 * Everything that can be reached from a value, as text: equal texts, equal graphs. Functions count by their source, so
 * what they captured must be reachable otherwise.
 */
export function fingerprint(value: unknown): string {
  const met = new Map<object, number>();
  const parts: string[] = [];
  const walk = (one: unknown): void => {
    if ((typeof one !== 'object' && typeof one !== 'function') || one === null) {
      parts.push(typeof one === 'string' ? JSON.stringify(one) : String(one));
      return;
    }
    const number = met.get(one);
    if (number !== undefined) {
      parts.push(`@${number}`);
      return;
    }
    met.set(one, met.size);
    if (typeof one === 'function') {
      parts.push(sourceNumber(one));
      return;
    }
    parts.push(`${one.constructor?.name}{`);
    if (one instanceof Map || one instanceof Set) for (const entry of one) walk(entry);
    else {
      for (const key of Object.keys(one)) {
        parts.push(`${key}:`);
        walk((one as Record<string, unknown>)[key]);
      }
    }
    parts.push('}');
  };
  walk(value);
  return parts.join(' ');
}

const sources = new Map<string, number>();

function sourceNumber(of: object): string {
  const source = Function.prototype.toString.call(of);
  const number = sources.get(source) ?? sources.size;
  sources.set(source, number);
  return `f${number}`;
}
