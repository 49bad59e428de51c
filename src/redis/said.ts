/** What a process says of itself, in JSON: of another version, or a stranger's, it may be anything. */
export type Said<T> = { readonly [K in keyof T]?: unknown };

export function saidIn<T>(info: string | undefined): Said<T> {
  try {
    return JSON.parse(info || '{}') ?? {};
  } catch {
    return {};
  }
}

/** Of a text, in UTF-16: a name has 200 characters, which may take two each. */
const LONGEST = 400;
/** Entries of a list that are read. */
const MOST = 200;

export function text(said: unknown): string {
  return typeof said === 'string' ? said.slice(0, LONGEST) : '';
}

export function number(said: unknown): number {
  return typeof said === 'number' && Number.isFinite(said) ? said : 0;
}

export function list(said: unknown): readonly unknown[] {
  return Array.isArray(said) ? said.slice(0, MOST) : [];
}

/** Of a hold; 0n where none is told. */
export function tokenIn(said: string): bigint {
  return /^\d+$/.test(said) ? BigInt(said) : 0n;
}
